// The composer: grows, sends on Enter or with Ctrl, keeps drafts, gives text back when sending fails.

const touch = matchMedia("(hover: none) and (pointer: coarse)");
const grows = CSS.supports("field-sizing", "content");
const form = () => document.getElementById("composer-form");
const field = () => document.getElementById("composer");
const key = (of) => `draft:${of.dataset.draft}`;
const isLive = () => document.querySelector(".composer-stop") !== null;
let sent = null;

function grow(area) {
  if (grows) return;
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
}

function keepDraft() {
  const text = field().value;
  localStorage[text ? "setItem" : "removeItem"](key(form()), text);
}

function restoreDraft() {
  const area = field();
  if (!area || area.dataset.restored) return;
  area.dataset.restored = "yes";
  area.value ||= localStorage.getItem(key(form())) ?? "";
  grow(area);
}

function fill(text) {
  field().value = text;
  grow(field());
  keepDraft();
  field().focus();
}

document.addEventListener("input", (event) => {
  if (event.target.id !== "composer") return;
  grow(event.target);
  keepDraft();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return;
  const area = event.target;
  const edits = area.closest?.("[data-edit-form]");
  if (area.id !== "composer" && !(edits && area.matches("textarea"))) return;
  const asked = event.ctrlKey || event.metaKey;
  const newLine = document.documentElement.dataset.sendKey === "mod-enter" || touch.matches;
  if (!asked && (newLine || event.shiftKey || event.altKey)) return;
  event.preventDefault();
  if (area.id === "composer" && (isLive() || sent)) return;
  area.form.requestSubmit();
});

document.addEventListener("htmx:configRequest", (event) => {
  if (event.target.id !== "composer-form") return;
  const waiting = document.querySelector("#previews [data-uploading]");
  const empty = !field().value.trim() && !document.querySelector("#previews li");
  if (waiting && !isLive()) document.dispatchEvent(new Event("parley:waiting"));
  if (isLive() || waiting || empty) return event.preventDefault();
  sent = { form: form(), key: key(form()), text: field().value };
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (!sent || event.detail.requestConfig.elt !== sent.form) return;
  const { key: draft, text } = sent;
  sent = null;
  // A refused message comes back as a part to swap, which htmx takes for a success.
  const { successful, xhr } = event.detail;
  if (!successful || xhr.status === 422) return;
  localStorage.removeItem(draft);
  const area = field();
  // What was typed meanwhile stays.
  area.value = area.value.startsWith(text) ? area.value.slice(text.length).trimStart() : area.value;
  if (area.value) keepDraft();
  document.getElementById("previews").replaceChildren();
  grow(area);
  // On a phone the keyboard would cover the reply.
  if (touch.matches) area.blur();
  else area.focus({ preventScroll: true });
});

document.addEventListener("click", (event) => {
  const prompt = event.target.closest('[data-action="fill"]');
  if (prompt) fill(prompt.textContent);
});

// Stop takes its button away; the keyboard goes on in the composer.
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const { target } = event.detail;
  if (target.id === "composer-state" && target.contains(document.activeElement)) field().focus();
});

document.addEventListener("parley:latest", () => {
  if (document.activeElement === document.body && !touch.matches) field().focus({ preventScroll: true });
});

document.addEventListener("htmx:load", restoreDraft);
restoreDraft();
