// Follows a growing reply while the reader is at its end, and never otherwise.

const NEAR = 80;
// What moves the page up this long after a hand did something that does so is the hand's.
const HAND = 1000;
const UPWARDS = new Set(["ArrowUp", "PageUp", "Home"]);
let following = true;
let lastTop = scrollY;
let lastHeight = 0;
let handAt = -HAND;
let watcher = null;

const height = () => document.documentElement.scrollHeight - innerHeight;
const gap = () => height() - scrollY;

function remember() {
  lastTop = scrollY;
  lastHeight = height();
}

function follow() {
  following = true;
  scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" });
  remember();
  mark();
}

export function toLatest() {
  handAt = -HAND;
  follow();
}

const hand = () => (handAt = performance.now());
const listen = (name, heard) => addEventListener(name, heard, { capture: true, passive: true });
listen("touchmove", hand);
listen("wheel", ({ deltaY }) => deltaY < 0 && hand());
listen("keydown", ({ key, shiftKey }) => (UPWARDS.has(key) || (key === " " && shiftKey)) && hand());
// The page's own scrollbar.
listen("pointerdown", ({ target }) => target === document.documentElement && hand());

// The page also moves up by itself, where something in it gets smaller: the composer with a tall
// message that was sent. What moves it far, with nothing changed, is a way without a hand that is
// known here: a find in the page, a screen reader, a scrollbar.
function isMovedUp() {
  const up = lastTop - scrollY;
  if (up <= 1 || gap() <= 2) return false;
  return performance.now() - handAt < HAND || (up > NEAR / 2 && height() === lastHeight);
}

function mark() {
  const jump = document.querySelector('[data-action="jump"]');
  if (jump) jump.hidden = gap() < NEAR * 3;
}

addEventListener(
  "scroll",
  () => {
    if (isMovedUp()) following = false;
    else if (gap() < NEAR) following = true;
    remember();
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
  watcher = new ResizeObserver(() => (following ? follow() : mark()));
  watcher.observe(thread);
}

// The reader's place while older messages come in above, or the thread changes around it.
let place = null;
const topOf = (id) => document.getElementById(id)?.getBoundingClientRect().top;

function restore(id, top) {
  const now = topOf(id);
  if (now !== undefined && top !== undefined) scrollBy({ top: now - top, behavior: "instant" });
  remember();
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
