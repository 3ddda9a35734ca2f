// Toasts while they are shown: above what is at the bottom of the page, which is the composer or the bar
// of selected chats, and for a while.

const GAP = 8;
const JUMP = 52;
const box = document.getElementById("toasts");
const sizes = new ResizeObserver(move);

// How much of the end of the page is taken: nothing where there is room enough below it.
function taken(element) {
  const { top, bottom } = element.getBoundingClientRect();
  const isAtTop = element.matches(".bulk-bar") && top < innerHeight / 2;
  if (isAtTop || innerHeight - bottom > box.offsetHeight + 3 * GAP) return 0;
  return innerHeight - top + (element.querySelector(".jump:not([hidden])") ? JUMP : 0);
}

function move() {
  const below = [...document.querySelectorAll(".composer, .bulk-bar")].map(taken);
  const most = innerHeight - box.offsetHeight - GAP;
  box.style.insetBlockEnd = `${Math.min(Math.max(GAP, ...below.map((end) => end + GAP)), most)}px`;
}

// Looks anew: what stood there may have been put in place anew.
export function place() {
  sizes.disconnect();
  for (const each of [document.documentElement, box, ...document.querySelectorAll(".composer, .bulk-bar")]) {
    sizes.observe(each);
  }
}

// Good news leaves by itself, unless somebody is about to use it.
setInterval(() => {
  for (const shown of document.querySelectorAll("#toasts > [data-toast]:not(.toast-danger)")) {
    if (shown.matches(":hover, :focus-within") || !shown.checkVisibility()) continue;
    const age = Number(shown.dataset.age ?? 0) + 1;
    shown.dataset.age = age;
    if (age > 10) shown.remove();
  }
}, 1000);
