// Chats and folders are dragged onto folders, and out of them. The menu of each does the same.

const SPRING = 700;
let dragged = null;
let over = null;
let spring = 0;

const list = () => document.getElementById("sidebar-items");
const out = () => document.getElementById("drop-out");
// Only what is in a folder can be taken out of one: the list of those in none takes it.
const isFiled = () => Boolean(dragged.dataset.in || dragged.parentElement.closest(".folder"));
const idOf = (row) => row.id.replace(/^(conversation|folder)-/, "");

export function start(row) {
  dragged = row;
  row.classList.add("is-dragged");
  list().classList.add("is-dropping");
  out().hidden = !isFiled();
}

function end() {
  mark(null);
  dragged?.classList.remove("is-dragged");
  list()?.classList.remove("is-dropping");
  if (out()) out().hidden = true;
  dragged = null;
}

// Where it would go: a folder's row, or the list of what is in none, with all that is empty.
function placeAt(target) {
  const rest = target.matches?.(".sidebar-scroll, #sidebar-items") ? document.getElementById("days") : null;
  const place = target.closest?.("#days, .folder") ?? rest;
  if (!place || place.id === "days") return isFiled() ? place : null;
  const isInside = dragged.contains(place);
  const isThere = dragged.dataset.in === idOf(place) || dragged.parentElement.closest(".folder") === place;
  return isInside || isThere ? null : place;
}

function mark(place) {
  if (place === over) return;
  clearTimeout(spring);
  over?.classList.remove("is-over");
  place?.classList.add("is-over");
  over = place;
  // A closed folder opens for whoever waits over it.
  const box = place?.querySelector(":scope > details:not([open])");
  if (box) spring = setTimeout(() => (box.open = true), SPRING);
}

for (const name of ["dragenter", "dragover"]) {
  document.addEventListener(name, (event) => {
    if (!dragged) return;
    const place = placeAt(event.target);
    mark(place);
    if (!place) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "move";
  });
}

document.addEventListener("drop", (event) => {
  const place = dragged && placeAt(event.target);
  if (!place) return;
  event.preventDefault();
  const folder = place.id === "days" ? "" : idOf(place);
  const isChat = dragged.matches(".conversation");
  const address = isChat ? `/c/${idOf(dragged)}/folder/` : `/folders/${idOf(dragged)}/move/`;
  end();
  window.htmx.ajax("POST", address, { source: list(), target: list(), swap: "innerHTML", values: { folder } });
});
document.addEventListener("dragend", end);

// A list that comes anew by itself would take away what is being dragged.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (dragged && detail.requestConfig.elt.id === "sidebar-items") detail.shouldSwap = false;
});
