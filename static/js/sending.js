// What is sent by the composer leaves it once the server has it, or waits in the outbox.
import { field, form, isLive, isTemporary, keep, rest, stored, write } from "./composer.js";

// Of the server itself: it would fail again. Above it a proxy says that nobody answered.
const FAULT = 500;
const loadOutbox = () => import("./outbox.js");
let sent = null;

// Also without a secure address, where crypto.randomUUID is not to be had.
function freshKey() {
  const pattern = "10000000-1000-4000-8000-100000000000";
  const random = () => crypto.getRandomValues(new Uint8Array(1))[0];
  return pattern.replace(/[018]/g, (c) => (c ^ (random() & (15 >> (c / 4)))).toString(16));
}

function remember(name, entry) {
  if (!isTemporary()) keep(name, JSON.stringify(entry));
}

// What was typed meanwhile stays, also where the answer is a page with another composer.
function leave(text, { value } = field()) {
  form().elements.key.value = freshKey();
  write(value.startsWith(text) ? value.slice(text.length).trimStart() : value);
  document.getElementById("previews").replaceChildren();
}

function entryOf({ path, formData, target }) {
  const values = {};
  for (const [name, value] of formData.entries()) {
    if (typeof value === "string" && name !== "csrfmiddlewaretoken") (values[name] ??= []).push(value);
  }
  const previews = document.getElementById("previews").innerHTML;
  return { path, values, previews, target: `#${target.id}`, swap: form().getAttribute("hx-swap") };
}

document.addEventListener("htmx:configRequest", (event) => {
  if (event.target.id !== "composer-form") return;
  const uploading = document.querySelector("#previews [data-uploading]");
  const empty = !field().value.trim() && !document.querySelector("#previews li");
  if (uploading && !isLive()) document.dispatchEvent(new Event("parley:waiting"));
  if (document.querySelector(".message[data-waiting]")) document.dispatchEvent(new Event("parley:try"));
  else if (!isLive() && !uploading && !empty) {
    sent = { form: form(), name: stored("outbox"), text: field().value, kept: [] };
    // A temporary chat has kept nothing: what is there is another tab's.
    if (!isTemporary()) sent.kept = [stored("draft"), stored("files")];
    sent.entry = entryOf(event.detail);
    // Before it leaves: whatever happens to this page, the next one knows of it.
    return remember(sent.name, sent.entry);
  }
  event.preventDefault();
});

document.addEventListener("htmx:afterRequest", async (event) => {
  if (!sent || event.detail.requestConfig.elt !== sent.form) return;
  const { name, kept, text, entry } = sent;
  const typed = sent.form.elements.content;
  sent = null;
  const { successful, xhr } = event.detail;
  if (!xhr.status || xhr.status > FAULT) {
    const outbox = await loadOutbox().catch(() => null);
    if (outbox) outbox.wait(name, entry);
    if (outbox) return leave(text);
    localStorage.removeItem(name);
    return document.dispatchEvent(new CustomEvent("parley:trouble", { detail: "offline" }));
  }
  localStorage.removeItem(name);
  // A refused message comes back as a part to swap, which htmx takes for a success.
  if (!successful || xhr.status === 422) return;
  for (const each of kept) localStorage.removeItem(each);
  leave(text, typed);
  rest();
});

document.addEventListener("parley:returned", ({ detail: { values, previews } }) => {
  const [text] = values.content;
  // The same words are the same message, should it have arrived after all.
  form().elements.key.value = values.key;
  write([text, field().value].filter(Boolean).join("\n\n"));
  document.getElementById("previews").insertAdjacentHTML("afterbegin", previews);
  window.htmx.process(document.getElementById("previews"));
  if (previews.trim()) import("./uploads-keep.js").then((module) => module.record(), () => {});
  field().focus();
});

// A message that its page could not send.
function resume() {
  const kept = form() && localStorage.getItem(stored("outbox"));
  if (!kept || sent) return;
  const entry = JSON.parse(kept);
  loadOutbox().then((outbox) => {
    leave(entry.values.content[0]);
    localStorage.removeItem(stored("files"));
    outbox.wait(stored("outbox"), entry, { now: true });
  });
}

document.addEventListener("parley:composer", resume);
// It is needed when nothing can be loaded any more. Without it the text stays in the composer.
document.addEventListener("input", () => loadOutbox().catch(() => null), { once: true });
resume();
