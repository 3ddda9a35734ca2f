// What a page shows of comparing outside of the picker and the columns.

const LIVE = '#thread [data-status="pending"], #thread [data-status="streaming"]';
const texts = () => document.getElementById("picker-compare").dataset;

// The models that the next message goes to, where it goes to several.
export const compared = () => [...document.querySelectorAll("#compare-chosen input")];

export function label() {
  const place = document.querySelector("[data-model-label]");
  const count = compared().length;
  show();
  if (place) place.textContent = count ? texts()[`models-${count}`] : document.getElementById("model-facts").dataset.label;
}

// Each can be taken away again; one alone is compared with nothing.
function show() {
  const template = document.querySelector("#picker-compare template");
  const chips = compared().map(({ value, dataset }) => {
    const chip = template.content.cloneNode(true);
    const button = chip.querySelector("button");
    Object.assign(button, { title: value }).dataset.model = value;
    chip.querySelector(".chip-name").textContent = dataset.label ?? value;
    return chip;
  });
  document.getElementById("compare-shown").replaceChildren(...chips);
}

document.addEventListener("click", (event) => {
  const gone = event.target.closest("#compare-shown [data-model]")?.dataset.model;
  if (!gone) return;
  event.preventDefault();
  const left = compared().filter(({ value }) => value !== gone);
  document.getElementById("compare-chosen").replaceChildren(...(left.length > 1 ? left : []));
  label();
  document.getElementById("composer").focus();
});

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
