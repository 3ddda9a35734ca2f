// Follows a growing reply while the reader is at its end, and never otherwise.

const NEAR = 80;
let following = true;
let lastTop = scrollY;
let watcher = null;

const gap = () => document.documentElement.scrollHeight - innerHeight - scrollY;

export function toLatest() {
  following = true;
  scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" });
  lastTop = scrollY;
  mark();
}

function mark() {
  const jump = document.querySelector('[data-action="jump"]');
  if (jump) jump.hidden = gap() < NEAR * 3;
}

addEventListener(
  "scroll",
  () => {
    // Only a person moves the page up; what grows below moves nothing.
    if (scrollY < lastTop - 1 && gap() > 2) following = false;
    else if (gap() < NEAR) following = true;
    lastTop = scrollY;
    mark();
  },
  { passive: true },
);

document.addEventListener("click", (event) => {
  if (event.target.closest('[data-action="jump"]')) toLatest();
});

export function watch(thread) {
  watcher?.disconnect();
  following = gap() < NEAR;
  watcher = new ResizeObserver(() => (following ? toLatest() : mark()));
  watcher.observe(thread);
}

// The reader's place while older messages come in above, or the thread changes around it.
let place = null;
const topOf = (id) => document.getElementById(id)?.getBoundingClientRect().top;

function restore(id, top) {
  const now = topOf(id);
  if (now !== undefined && top !== undefined) scrollBy({ top: now - top, behavior: "instant" });
  lastTop = scrollY;
}

document.addEventListener("click", (event) => {
  place = event.target.closest("article")?.getBoundingClientRect().top;
});
document.addEventListener("htmx:beforeSwap", (event) => {
  const { elt, target, shouldSwap } = event.detail;
  if (target?.id === "turns" && shouldSwap) following = true;
  if (!elt.matches("[data-earlier]")) return;
  const first = document.querySelector("#thread .message")?.id;
  const top = topOf(first);
  const thread = document.getElementById("thread");
  thread.addEventListener("htmx:afterSwap", () => restore(first, top), { once: true });
});
document.addEventListener("parley:latest", toLatest);
document.addEventListener("parley:keep", (event) => restore(event.detail.value, place));
