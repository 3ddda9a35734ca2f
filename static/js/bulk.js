// Selecting chats: ranges, the whole page, all that match. What is ticked is all the state there is.

const form = () => document.querySelector("[data-bulk]");
const boxes = () => [...form().querySelectorAll('input[name="conversation"]')];
const every = () => form().querySelector('input[name="every"]');
const count = () => (every()?.checked ? Number(form().dataset.total) : boxes().filter((b) => b.checked).length);
let last = null;

function show() {
  const place = form()?.querySelector("[data-bulk-count]");
  if (!place) return;
  const all = boxes();
  const number = count();
  const page = form().querySelector("[data-bulk-page]");
  page.checked = all.every((box) => box.checked);
  page.indeterminate = !page.checked && number > 0;
  const words = place.dataset.words.replace("%s", new Intl.NumberFormat(document.documentElement.lang).format(number));
  if (place.textContent === words) return;
  // Not said of a page that nobody has touched.
  if (place.textContent) document.getElementById("announcer").textContent = words;
  place.textContent = words;
}

function set(some, checked) {
  for (const box of some) box.checked = checked;
  if (every() && !checked) every().checked = false;
  show();
}

// From the row that was ticked last to this one: all become what this one is.
function range(box) {
  const all = boxes();
  const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
  if (from >= 0) set(all.slice(from, to + 1), box.checked);
}

document.addEventListener("click", (event) => {
  const { target, shiftKey } = event;
  if (target.closest("[data-bulk-clear]")) clear();
  if (!target.matches('[data-bulk] input[name="conversation"]')) return;
  if (shiftKey && last?.isConnected) range(target);
  last = target;
});
// The words of a row would be marked along with it.
document.addEventListener("mousedown", (event) => {
  if (event.shiftKey && event.target.closest(".bulk-tick")) event.preventDefault();
});

document.addEventListener("change", ({ target }) => {
  if (!target.closest("[data-bulk]")) return;
  if (target.matches("[data-bulk-page]")) set(boxes(), target.checked);
  else if (target.matches('[name="every"]')) set(boxes(), true);
  else if (target.matches('[name="conversation"]')) set([], target.checked);
});

function clear() {
  set(boxes(), false);
  (last?.isConnected ? last : boxes()[0])?.focus();
}

// Up and down from row to row; with Shift the rows on the way are ticked.
function walk(box, step, isRange) {
  const next = boxes()[boxes().indexOf(box) + step];
  next?.focus();
  if (next && isRange) set([box, next], true);
}

document.addEventListener("keydown", (event) => {
  const { key, target, shiftKey } = event;
  if (key === "Escape") {
    const isElsewhere = document.querySelector("dialog[open], :popover-open, [data-drawer]");
    if (form() && !isElsewhere && count()) clear();
  }
  if (!target.matches?.('[data-bulk] input[type="checkbox"]')) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[key];
  if (step && target.name === "conversation") walk(target, step, shiftKey);
  if (step || key === "Enter") event.preventDefault();
});

// What was done took its button along.
document.addEventListener("htmx:load", ({ detail: { elt } }) => {
  if (!elt.matches("[data-bulk]")) return;
  if (document.activeElement === document.body) elt.focus({ preventScroll: true });
  show();
});
// A browser that comes back to this page ticks what was ticked.
addEventListener("pageshow", show);
show();
