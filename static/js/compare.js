// What a page shows of comparing outside of the picker and the columns.

const LIVE = '#thread [data-status="pending"], #thread [data-status="streaming"]';
const texts = () => document.getElementById("picker-compare").dataset;

// The models that the next message goes to, where it goes to several.
export const compared = () => [...document.querySelectorAll("#compare-chosen input")];

export function label() {
  const place = document.querySelector("[data-model-label]");
  const count = compared().length;
  if (place) place.textContent = count ? texts()[`models-${count}`] : document.getElementById("model-facts").dataset.label;
}

// Of replies that end together the answers may come in any order: the one that still knows of
// another that is being written can be the last.
function dropStop() {
  if (!document.querySelector(LIVE)) document.querySelector(".composer-stop")?.remove();
}

document.addEventListener("htmx:afterSettle", () => {
  if (!document.getElementById("compare-chosen")) return;
  label();
  dropStop();
});
