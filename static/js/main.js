// Starts a page. Behaviour hangs on data- attributes and is delegated from the document, so that
// what htmx or the socket puts into the page needs no setting up. The rarely used is loaded late.
import "./shell.js";
import "./list.js";
import "./focus.js";
import { takeFiles } from "./composer.js";
import "./sending.js";
import { toast } from "./toasts.js";
import "./shortcuts.js";

const late = {
  "chat-menu": () => import("./menu.js"),
  "copy-code": () => import("./copy.js"),
  "copy-message": () => import("./copy.js"),
  "copy-rich": () => import("./copy.js"),
  "copy-text": () => import("./copy.js"),
  "drop-preset": () => import("./library-preset.js"),
  "folder-menu": () => import("./menu.js"),
  "message-menu": () => import("./message-menu.js"),
  "open-library": () => import("./library.js"),
  "open-sheet": () => import("./sheet.js"),
  notifications: () => import("./notifications.js"),
  "pick-model": () => import("./picker.js"),
  "read-aloud": () => import("./read-aloud.js"),
  search: () => import("./search.js"),
  "stop-reading": () => import("./read-aloud.js"),
};

// The list of models is asked for when somebody is about to open it.
for (const name of ["pointerover", "focusin"]) {
  document.addEventListener(name, async (event) => {
    if (event.target.closest?.('[data-action="pick-model"]')) (await late["pick-model"]()).prefetch();
  });
}

document.addEventListener("click", async (event) => {
  const target = event.target.closest("[data-action]");
  const load = target && late[target.dataset.action];
  if (!load || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const module = await load().catch(() => null);
  if (module) module.run(target);
  else document.dispatchEvent(new CustomEvent("parley:trouble", { detail: "notLoaded" }));
});

// Files are chosen, pasted, or dropped anywhere on a page with a composer.
const hasComposer = () => document.getElementById("composer") !== null;
const loadUploads = () => import("./uploads.js").catch(() => null);
const take = async (files) => {
  const uploads = await loadUploads();
  if (uploads) uploads.add([...release(), ...files]);
  else holdBack(files);
};

// Without that script they stand in the composer, and keep the message there, until it is to be had.
let held = new Map();
function holdBack(files) {
  const template = document.getElementById("upload-template");
  for (const file of files) {
    const chip = template.content.firstElementChild.cloneNode(true);
    const remove = chip.querySelector(".file-remove");
    for (const part of chip.querySelectorAll(".file-name > :not(.file-end)")) part.textContent = file.name;
    chip.querySelector(".file-state").textContent = template.dataset.queued;
    remove.setAttribute("aria-label", template.dataset.remove.replace("%s", () => file.name));
    remove.onclick = () => chip.remove();
    document.getElementById("previews").append(chip);
    held.set(chip, file);
  }
  const names = kept().map(([, { name }]) => name).join("”, “");
  if (names) toast(template.dataset.held.replace("%s", () => names)).dataset.passing = "";
}
const kept = () => [...held].filter(([chip]) => chip.isConnected);
function release() {
  const files = kept().map(([chip, file]) => (chip.remove(), file));
  held = new Map();
  return files;
}
for (const [target, name] of [[window, "online"], [document, "parley:reached"], [document, "parley:waiting"]]) {
  target.addEventListener(name, () => kept().length && take([]));
}

document.addEventListener("change", ({ target }) => {
  if (!target.matches(".composer-file")) return;
  take([...target.files]);
  target.value = "";
});
document.addEventListener("paste", (event) => {
  const files = [...event.clipboardData.files];
  const text = event.clipboardData.getData("text/plain").trim();
  // Cells of a spreadsheet come with a picture of them, copied files with their names.
  const meant = !text || files.some(({ name }) => text.includes(name));
  if (!files.length || !meant || !hasComposer()) return;
  event.preventDefault();
  take(files);
});
for (const name of ["dragenter", "dragover", "drop"]) {
  document.addEventListener(name, (event) => {
    if (!event.dataTransfer?.types.includes("Files") || !hasComposer()) return;
    event.preventDefault();
    if (name === "dragenter") {
      loadUploads();
      import("./uploads-drop.js").then((zone) => zone.show(), () => null);
    }
    if (name === "drop") take([...event.dataTransfer.files]);
  });
}

// How much of the model's context is used is told at once in a chat, and in a new one as soon as
// somebody writes, or is about to add a file.
const context = () => hasComposer() && import("./context.js").catch(() => null);
if (document.getElementById("thread")) context();
for (const name of ["input", "pointerover", "focusin"]) {
  document.addEventListener(name, ({ target }) => {
    const isAdding = target.closest?.(".composer-attach");
    if (name === "input" || isAdding) context();
    if (isAdding) loadUploads();
  });
}

// `/` and `@` open lists over the composer. Enter waits for them, and for the script that does it.
let library = null;
let entered = false;
const hold = (event) => {
  if (event.key !== "Enter" || event.isComposing || event.target.id !== "composer") return;
  event.preventDefault();
  event.stopPropagation();
  entered = true;
};
document.addEventListener("input", async ({ target }) => {
  const typed = target.id === "composer" && target.value[target.selectionStart - 1];
  if (library || (typed !== "/" && typed !== "@")) return;
  entered = false;
  document.addEventListener("keydown", hold, true);
  library = import("./library.js");
  const loaded = await library.catch(() => null);
  document.removeEventListener("keydown", hold, true);
  loaded?.look(entered);
  if (!loaded) library = null;
});

// The first message of a chat needs this at once: it is fetched while the message is written.
document.addEventListener("input", () => import("./live.js").catch(() => null), { once: true });

async function openThread() {
  const thread = document.getElementById("thread");
  if (!thread?.dataset.socket) return;
  (await import("./live.js")).open(thread);
}

function localTimes(root) {
  // Of the reader's own ways of writing the time, one in the page's language.
  const { lang } = document.documentElement;
  const locale = navigator.languages.find((l) => l.split("-")[0] === lang.split("-")[0]) ?? lang;
  const format = new Intl.DateTimeFormat(locale, { timeStyle: "short" });
  for (const time of root.querySelectorAll("time[data-local]")) {
    time.textContent = format.format(new Date(time.dateTime));
    time.removeAttribute("data-local");
  }
}

function countdowns(root) {
  if (root.querySelector("[data-countdown]")) import("./countdown.js").then((m) => m.start());
}

function comparisons(root) {
  if (root.querySelector("[data-comparison], #compare-chosen input")) import("./compare.js");
}

// A temporary chat may have been left by coming here.
function temporary() {
  if (!sessionStorage.getItem("temporary") && !document.querySelector("[data-temporary]")) return;
  import("./temporary.js").then((m) => m.settle());
}

// What cannot be loaded now is there with the next page.
function draftFiles() {
  const files = takeFiles();
  if (files) import("./uploads-keep.js").then((module) => module.restore(files), () => {});
}

function settle(root) {
  temporary();
  draftFiles();
  localTimes(root);
  countdowns(root);
  comparisons(root);
  openThread();
}

document.addEventListener("htmx:load", (event) => settle(event.detail.elt.parentElement ?? document));
document.addEventListener("parley:added", (event) => settle(event.target));

// Before the first paint: a conversation opens at its end.
const [visit] = performance.getEntriesByType("navigation");
if (document.getElementById("thread") && !location.hash && visit?.type !== "back_forward") {
  scrollTo(0, document.documentElement.scrollHeight);
}
settle(document);
