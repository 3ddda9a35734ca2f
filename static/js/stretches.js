// A long thread: of its earlier stretches only those near the window are in the page. The others
// leave a box of their height, so that nothing moves, and come back as they were.

const NEAR = 2000;
const away = new WeakMap();
const LIVE = '[data-status="pending"], [data-status="streaming"], [data-edit-form]';

// What somebody is using stays.
function isUsed(stretch) {
  const selection = getSelection();
  const chosen = !selection.isCollapsed && selection.containsNode(stretch, true);
  return chosen || stretch.contains(document.activeElement) || stretch.querySelector(LIVE);
}

function leave(stretch) {
  if (away.has(stretch) || isUsed(stretch)) return;
  const { height } = stretch.getBoundingClientRect();
  const turns = document.createDocumentFragment();
  stretch.dataset.away = stretch.querySelectorAll("article").length;
  turns.append(...stretch.childNodes);
  away.set(stretch, { turns, height });
  stretch.style.blockSize = `${height}px`;
}

function enter(stretch) {
  const kept = away.get(stretch);
  if (!kept) return;
  away.delete(stretch);
  delete stretch.dataset.away;
  stretch.style.blockSize = "";
  stretch.append(kept.turns);
  // The window may be another size by now: what is being read stays where it is.
  const { height, bottom } = stretch.getBoundingClientRect();
  if (bottom < innerHeight / 2) scrollBy({ top: height - kept.height, behavior: "instant" });
}

const near = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!target.isConnected) near.unobserve(target);
      else if (isIntersecting) enter(target);
      else leave(target);
    }
  },
  { rootMargin: `${NEAR}px 0px` },
);

export function keepNear(thread) {
  for (const stretch of thread.querySelectorAll(".stretch:not([data-kept])")) {
    stretch.dataset.kept = "yes";
    near.observe(stretch);
  }
}
