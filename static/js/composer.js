// The composer: grows, sends on Enter or with Ctrl, keeps drafts. What becomes of it: sending.js.

const touch = matchMedia("(hover: none) and (pointer: coarse)");
const grows = CSS.supports("field-sizing", "content");
export const form = () => document.getElementById("composer-form");
export const field = () => document.getElementById("composer");
// Each person's own: others may sign in with the same browser.
export const stored = (kind) => `${kind}:${document.body.dataset.person}:${form().dataset.draft}`;
export const isLive = () => document.querySelector(".composer-stop") !== null;

// Nothing of a temporary chat is written down by the browser.
export const isTemporary = () => document.querySelector("[data-temporary], #temporary:checked") !== null;

function grow(area) {
  if (grows) return;
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
}

// A store that is full or closed keeps nobody from writing and sending.
export function keep(name, text, store = localStorage) {
  try {
    store[text ? "setItem" : "removeItem"](name, text);
  } catch {
    // It survives no reload, then.
  }
}

function keepDraft() {
  if (isTemporary()) return;
  keep(stored("draft"), field().value);
  keep(stored("draft"), field().value && "mine", sessionStorage);
}

// What was kept before the box was ticked; a draft that another tab wrote is left to it.
function dropDraft() {
  const name = stored("draft");
  const isMine = sessionStorage.getItem(name) && localStorage.getItem(name) === field().value;
  if (isMine) localStorage.removeItem(name);
  sessionStorage.removeItem(name);
}

// The draft's files, to be shown anew.
let files = null;
export function takeFiles() {
  const taken = files;
  files = null;
  return taken && JSON.parse(taken);
}

function restoreDraft() {
  const area = field();
  if (!area || area.dataset.restored) return;
  area.dataset.restored = "yes";
  if (!isTemporary()) {
    area.value ||= localStorage.getItem(stored("draft")) ?? "";
    files = !localStorage.getItem(stored("outbox")) && localStorage.getItem(stored("files"));
  }
  grow(area);
  document.dispatchEvent(new Event("parley:composer"));
}

export function write(text) {
  field().value = text;
  grow(field());
  keepDraft();
}

export function rest() {
  // On a phone the keyboard would cover the reply.
  if (touch.matches) field().blur();
  else field().focus({ preventScroll: true });
}

document.addEventListener("input", (event) => {
  if (event.target.id !== "composer") return;
  grow(event.target);
  keepDraft();
});

document.addEventListener("change", ({ target }) => {
  if (target.id === "temporary") (target.checked ? dropDraft : keepDraft)();
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
  if (area.id === "composer" && isLive()) return;
  area.form.requestSubmit();
});

document.addEventListener("click", (event) => {
  const prompt = event.target.closest('[data-action="fill"]');
  if (!prompt) return;
  write(prompt.textContent);
  field().focus();
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
