// Several models in the picker: chosen one by one, shown as chips, kept in the composer.
import { compared, label } from "./compare.js";
import { mark } from "./picker-rows.js";

const LEAST = 2;
const box = () => document.getElementById("picker-compare");
const find = (name) => box().querySelector(`[data-compare="${name}"]`);
const says = () => box().querySelector(".compare-status");
let chosen = [];
let on = false;

export const isOn = () => on;
export const names = () => chosen.map(({ model }) => model);

// With the models that the composer holds; never where one is chosen for a form of its own.
export function open(form) {
  box().hidden = Boolean(form);
  chosen = form ? [] : compared().map((input) => ({ model: input.value, label: input.dataset.label }));
  on = chosen.length > 0;
  show();
}

export function prepare(dialog) {
  find("toggle").addEventListener("click", turn);
  find("done").addEventListener("click", () => dialog.close());
  box().querySelector("ul").addEventListener("click", ({ target }) => remove(target.closest("button")?.dataset.model));
  document.getElementById("model-search").addEventListener("keydown", (event) => {
    if (event.key === "Backspace" && !event.target.value && on) remove(chosen.at(-1)?.model);
  });
}

// The chat's own model is the first that others are compared with.
function turn() {
  on = !on;
  const { model, label: text } = document.getElementById("model-facts").dataset;
  chosen = on && model ? [{ model, label: text }] : [];
  change();
  if (!on) mark([model]);
  document.getElementById("model-search").focus();
}

export function toggle(option) {
  const { model } = option.dataset;
  if (names().includes(model)) return remove(model);
  if (chosen.length >= Number(box().dataset.most)) return say("full");
  chosen.push({ model, label: option.querySelector(".picker-name").textContent });
  change();
  document.getElementById("model-search").select();
}

function remove(model) {
  if (!model) return;
  chosen = chosen.filter((each) => each.model !== model);
  change();
  document.getElementById("model-search").focus();
}

function change() {
  if (on) mark(names());
  keep();
  show();
  label();
}

function say(name) {
  says().textContent = says().dataset[name].replace("%s", chosen.length);
}

function show() {
  find("toggle").ariaPressed = String(on);
  find("done").hidden = !on;
  document.getElementById("model-options").ariaMultiSelectable = on ? "true" : null;
  say(!on ? "off" : chosen.length < LEAST ? "few" : "some");
  const chips = chosen.map(({ model, label: text }) => {
    const chip = box().querySelector("template").content.cloneNode(true);
    chip.querySelector("button").dataset.model = model;
    chip.querySelector("button").title = model;
    chip.querySelector(".chip-name").textContent = text;
    return chip;
  });
  box().querySelector("ul").replaceChildren(...chips);
}

// One alone is compared with nothing.
function keep() {
  const inputs = chosen.map(({ model, label: text }) => {
    const input = Object.assign(document.createElement("input"), { type: "hidden", name: "compare", value: model });
    input.dataset.label = text;
    return input;
  });
  document.getElementById("compare-chosen").replaceChildren(...(inputs.length < LEAST ? [] : inputs));
}
