// A message that could not be sent: it waits at its place on the page and is sent again by itself.
// The server knows it by its key, so that it is there once, even when only the answer was lost.
import { reached, suspect } from "./reach.js";
import { refetch } from "./thread.js";
import { announce } from "./toasts.js";

const FIRST = 1000;
const MOST = 30_000;
const FAULT = 500;
let waiting = null;

const trouble = (detail) => document.dispatchEvent(new CustomEvent("parley:trouble", { detail }));

function show({ values, previews }) {
  const shown = document.getElementById("waiting-template").content.cloneNode(true);
  const article = shown.querySelector("[data-waiting]");
  article.querySelector(".bubble").textContent = values.content[0];
  article.querySelector("[data-files]").hidden = !previews.trim();
  document.querySelector(".composer").before(shown);
  document.dispatchEvent(new Event("parley:latest"));
  return article;
}

export function wait(name, entry, { now = false } = {}) {
  if (waiting) return;
  waiting = { name, entry, article: show(entry), tries: 0, stopped: false };
  if (now) return attempt();
  announce("notSent");
  suspect();
  later();
}

function later() {
  const pause = Math.min(MOST, FIRST * 2 ** waiting.tries) * (0.5 + Math.random() / 2);
  waiting.tries += 1;
  clearTimeout(waiting.timer);
  waiting.timer = setTimeout(attempt, pause);
}

function attempt() {
  if (!waiting || waiting.asking || waiting.stopped) return;
  clearTimeout(waiting.timer);
  waiting.asking = true;
  const { article: source, entry } = waiting;
  const { path, target, swap, values } = entry;
  // Its events tell how it ends.
  window.htmx.ajax("POST", path, { source, target, swap, values }).catch(() => null);
}

function remove() {
  clearTimeout(waiting.timer);
  localStorage.removeItem(waiting.name);
  waiting.article.parentElement?.remove();
  waiting = null;
}

function giveBack() {
  const { entry } = waiting;
  remove();
  document.dispatchEvent(new CustomEvent("parley:returned", { detail: entry }));
}

const isMine = (event) => waiting && event.detail.requestConfig?.elt === waiting.article;

// The thread may show by now what was sent before; it is not shown twice.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (!isMine(event) || event.detail.xhr.status !== 200) return;
  const ids = event.detail.serverResponse.matchAll(/<article id="(message-[0-9a-f-]{36})"/g);
  if (![...ids].some(([, id]) => document.getElementById(id))) return;
  event.detail.shouldSwap = false;
  refetch();
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (!isMine(event)) return;
  waiting.asking = false;
  const { status } = event.detail.xhr;
  if (status === 403) return trouble("stale");
  if (status === 401) {
    waiting.stopped = true;
    return trouble("signedOut");
  }
  if (!status || status > FAULT) {
    suspect();
    return later();
  }
  reached();
  if (status === 200) return remove();
  giveBack();
  if (status !== 422) trouble({ 404: "gone", 413: "tooLarge", 429: "tooMany" }[status] ?? "broken");
});

document.addEventListener("click", ({ target }) => {
  if (target.closest('[data-action="send-now"]')) {
    // Somebody who was signed out may have signed in again in another tab.
    waiting.stopped = false;
    attempt();
  }
  if (target.closest('[data-action="cancel-sending"]')) giveBack();
});
for (const name of ["reached", "renewed", "try"]) document.addEventListener(`parley:${name}`, attempt);
// Another tab has sent it, or given it back.
addEventListener("storage", ({ key, newValue }) => {
  if (key === waiting?.name && newValue === null) remove();
});
