// Files of the composer outlive their page as its text does: by their ids; the server shows them
// anew. Those of a temporary chat go with its page.
import { isTemporary, keep, stored } from "./composer.js";
import { nameOf } from "./uploads-chip.js";
import { complain, texts } from "./uploads-words.js";

const idOf = (chip) => chip.querySelector("[name=attachment]")?.value;
const list = () => document.getElementById("previews");
const chips = () => [...list().children].filter(idOf);
const restored = new Set();
const observer = new MutationObserver(record);
let watched = null;
// What this page may still show: the server has not been asked yet, or did not answer.
let awaited = [];

export function record() {
  if (isTemporary() || !watched.isConnected) return;
  const files = [...awaited, ...chips().map((chip) => [idOf(chip), nameOf(chip)])];
  keep(stored("files"), files.length ? JSON.stringify(files) : "");
}

function watch() {
  if (!list() || list() === watched) return;
  watched = list();
  awaited = [];
  observer.disconnect();
  observer.observe(watched, { childList: true });
}

async function ask([id]) {
  const path = `${document.querySelector("[data-upload]").dataset.upload}${encodeURIComponent(id)}/state/`;
  const answer = await fetch(path, { headers: { "HX-Request": "true" } }).catch(() => null);
  return { status: answer?.status ?? 0, html: answer?.ok ? await answer.text() : "" };
}

export async function restore(files) {
  const target = watched;
  awaited = files;
  const answers = await Promise.all(files.map(ask));
  if (target !== watched || !target.isConnected) return;
  awaited = files.filter((_file, index) => ![200, 404].includes(answers[index].status));
  for (const [id] of files) restored.add(id);
  target.insertAdjacentHTML("afterbegin", answers.map(({ html }) => html).join(""));
  window.htmx.process(target);
  const gone = files.filter((_file, index) => answers[index].status === 404).map(([, name]) => name);
  if (gone.length) complain([texts().gone.replace("%s", () => gone.join("”, “"))]);
  record();
}

// What was kept before the box was ticked; files that another tab added are left to it.
document.addEventListener("change", ({ target }) => {
  if (target.id !== "temporary") return;
  if (!target.checked) record();
  else if (chips().some((chip) => !restored.has(idOf(chip)))) localStorage.removeItem(stored("files"));
});

addEventListener("pagehide", () => {
  // A message that is on its way takes its files along.
  if (!list() || !isTemporary() || document.querySelector("#composer-form.htmx-request")) return;
  const headers = { "HX-Request": "true", ...JSON.parse(document.body.getAttribute("hx-headers")) };
  for (const chip of chips()) {
    const address = chip.querySelector(".file-remove").getAttribute("hx-post");
    if (!restored.has(idOf(chip))) fetch(address, { method: "POST", headers, keepalive: true }).catch(() => {});
    chip.remove();
  }
});

document.addEventListener("htmx:load", watch);
watch();
