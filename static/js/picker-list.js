// The list of the model picker: filled, narrowed while somebody types, walked by the keys.
import * as source from "./picker-source.js";

const PAUSE = 200;
const list = () => document.getElementById("model-options");
const typed = () => document.getElementById("model-search");
const says = () => document.getElementById("model-status");
const shown = () => rows.filter(({ option }) => !option.hidden).map(({ option }) => option);
let rows = [];
let current = "";
export let loading = false;
let cut = false;
let timer;
let settled;

export const active = () => list().querySelector("[data-active]");

// What is kept is shown at once; what the server says now takes its place.
export function open(address, chosen, then) {
  [current, settled] = [chosen, then];
  const kept = source.latest();
  active()?.removeAttribute("data-active");
  list().scrollTop = 0;
  if (kept) put(kept.html);
  return fill(async () => {
    put((await source.load(address)).html);
    cut = list().querySelector("[data-cut]") !== null;
  }, !kept);
}

async function fill(work, isEmpty) {
  loading = isEmpty;
  list().ariaBusy = "true";
  if (isEmpty) says().textContent = says().dataset.loading;
  let failed = false;
  await work().catch(() => (failed = true));
  loading = false;
  list().ariaBusy = "false";
  says().textContent = failed ? says().dataset.failed : shown().length ? "" : says().dataset.none;
  settled();
}

function put(html) {
  const [before, top] = [active()?.dataset.model, list().scrollTop];
  if (list().source !== html) list().innerHTML = html;
  list().source = html;
  rows = [...list().querySelectorAll('[role="option"]')].map((option) => {
    const name = option.querySelector(".picker-name").textContent.toLowerCase();
    const model = option.dataset.model.toLowerCase();
    return { option, names: [model, name], text: `${model} ${name} ${option.dataset.provider.toLowerCase()}` };
  });
  const chosen = rows.map(({ option }) => option).filter((option) => option.dataset.model === current);
  for (const { option } of rows) {
    option.ariaCurrent = chosen.includes(option) ? "true" : null;
    option.ariaSelected = String(option === chosen[0]);
  }
  narrow(before);
  if (before) list().scrollTop = top;
}

// All of the words, in any order. What is called exactly that comes first, then the chosen one.
function narrow(before) {
  const words = typed().value.trim().toLowerCase();
  const each = words.split(/\s+/);
  for (const row of rows) {
    const twice = words && row.option.parentElement.matches("[data-recent]");
    row.option.hidden = twice || !each.every((word) => row.text.includes(word));
  }
  const options = shown();
  for (const box of list().querySelectorAll('[role="group"]')) {
    box.hidden = words !== "" && !options.some((option) => option.parentElement === box);
  }
  if (!loading) says().textContent = options.length ? "" : says().dataset.none;
  const wanted = before ?? (words ? rows.find(({ names }) => names.includes(words))?.option.dataset.model : current);
  activate(options.find((option) => option.dataset.model === wanted) ?? options[0]);
}

export function search() {
  clearTimeout(timer);
  loading = cut;
  narrow();
  const words = typed().value;
  const look = async () => {
    const html = await source.search(words);
    if (typed().value === words) put(html);
  };
  if (cut) timer = setTimeout(fill, PAUSE, look, true);
}

function activate(option) {
  active()?.removeAttribute("data-active");
  option?.setAttribute("data-active", "");
  typed().setAttribute("aria-activedescendant", option?.id ?? "");
  option?.scrollIntoView({ block: "nearest" });
}

export function move(steps) {
  const options = shown();
  const at = options.indexOf(active()) + steps;
  activate(options[Math.max(0, Math.min(options.length - 1, at))]);
}
