// The model picker: a searchable list that the server makes, over the chosen model on the page.
import * as compare from "./picker-compare.js";
import * as models from "./picker-list.js";
import { load } from "./picker-source.js";

const find = (id) => document.getElementById(id);
const address = () => find("model-button").getAttribute("href");
const chosen = () => (compare.isOn() ? compare.names() : [form?.dataset.current ?? find("model-facts").dataset.model]);
const PAGE = 8;
// What providers that were asked again have said by then.
const LATER = [1000, 3000, 8000];
let waiting = false;
// The form that the choice is for, if it is not the chat's own model.
let form = null;

export const prefetch = () => load(address()).catch(() => {});

export function run(opener) {
  form = opener.closest("form");
  const dialog = find("model-dialog");
  if (!dialog.dataset.ready) prepare(dialog);
  find("model-search").value = "";
  waiting = false;
  dialog.showModal();
  find("model-search").focus();
  compare.open(form);
  models.open(address(), chosen, settled);
}

function prepare(dialog) {
  dialog.dataset.ready = "yes";
  const search = find("model-search");
  search.addEventListener("input", () => {
    waiting = false;
    models.search();
  });
  search.addEventListener("keydown", key);
  compare.prepare(dialog);
  find("model-options").addEventListener("click", (event) => choose(event.target.closest('[role="option"]')));
  find("model-options").addEventListener("pointermove", models.point);
  dialog.addEventListener("htmx:afterRequest", () => {
    for (const wait of LATER) setTimeout(() => dialog.open && models.renew(address()), wait);
  });
  dialog.querySelector('[data-action="close-picker"]').addEventListener("click", () => dialog.close());
}

// Whoever types faster than the list comes gets what they asked for.
function settled() {
  if (waiting) choose(models.active());
  waiting = false;
}

function key(event) {
  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE };
  const ends = { Home: -Infinity, End: Infinity };
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key in steps) models.move(steps[event.key]);
  else if (event.key in ends && !(event.shiftKey || event.target.value)) models.move(ends[event.key]);
  else if (event.key !== "Enter") return;
  else if (models.loading) waiting = true;
  else choose(models.active());
  event.preventDefault();
}

function choose(option) {
  const dialog = find("model-dialog");
  if (!option || !dialog.open) return;
  if (compare.isOn()) return compare.toggle(option);
  dialog.close();
  if (form) {
    form.elements.model.value = option.dataset.model;
    return form.requestSubmit();
  }
  find("model-button").focus();
  const before = { ...find("model-facts").dataset };
  const { model, provider, images, files, context, maxOutput } = option.dataset;
  const label = option.querySelector(".picker-name").textContent;
  show({ model, label, images, files, context, maxOutput });
  for (const each of document.querySelectorAll("[data-chosen]")) {
    each.textContent = each.dataset.chosen === "label" ? label : provider;
  }
  const choice = find("model-form");
  if (!choice) return;
  const back = ({ detail }) => {
    // A refused choice comes back as a part to swap, which htmx takes for a success.
    if (!detail.successful || detail.xhr.status === 422) show(before);
  };
  choice.addEventListener("htmx:afterRequest", back, { once: true });
  choice.requestSubmit();
}

export function show(facts) {
  const place = find("model-facts");
  for (const name of Object.keys(place.dataset)) delete place.dataset[name];
  for (const [name, value] of Object.entries(facts)) if (value !== undefined) place.dataset[name] = value;
  find("model").value = facts.model;
  document.querySelector("[data-model-label]").textContent = facts.label;
  place.dispatchEvent(new CustomEvent("parley:model", { bubbles: true }));
}
