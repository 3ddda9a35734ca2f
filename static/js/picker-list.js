// The list of the model picker: filled, narrowed while somebody types, walked by the keys.
import { called, narrow, read, shown } from "./picker-rows.js";
import * as source from "./picker-source.js";

const PAUSE = 200;
const list = () => document.getElementById("model-options");
const typed = () => document.getElementById("model-search");
const says = () => document.getElementById("model-status");
let current = () => [];
let cut = false;
let covered = "";
let timer, settled, pointed;

export let loading = false;
export const active = () => list().querySelector("[data-active]");

// What is kept is shown at once; what the server says now takes its place.
export function open(address, chosen, then) {
  [current, settled, cut] = [chosen, then, false];
  activate(null);
  list().scrollTop = 0;
  const kept = source.latest();
  if (kept) put(kept.html);
  return fill(async () => {
    put((await source.load(address)).html);
    cut = list().querySelector("[data-cut]") !== null;
    covered = "";
  }, !kept);
}

export function renew(address) {
  covered = "";
  return fill(async () => put((await source.load(address, true)).html), false);
}

async function fill(work, isEmpty) {
  loading = isEmpty;
  list().ariaBusy = "true";
  if (isEmpty) says().textContent = says().dataset.loading;
  let failed = false;
  await work().catch(() => (failed = true));
  loading = false;
  list().ariaBusy = "false";
  if (cut && !failed && covered !== typed().value) return search();
  says().textContent = failed ? says().dataset.failed : shown().length ? "" : says().dataset.none;
  settled();
}

function put(html) {
  const [before, top] = [active()?.dataset.model, list().scrollTop];
  if (list().source !== html) list().innerHTML = html;
  list().source = html;
  read(list(), current());
  show(before);
  if (before) list().scrollTop = top;
}

// What is called exactly as typed comes first; where nothing is typed, the chosen one.
function show(before) {
  const words = typed().value;
  narrow(list(), words);
  const options = shown();
  if (!loading) says().textContent = options.length ? "" : says().dataset.none;
  const wanted = before ?? (words.trim() ? called(words) : current()[0]);
  activate(options.find((option) => option.dataset.model === wanted) ?? options[0]);
}

// A list that was too long for one answer is searched on the server as well.
export function search() {
  clearTimeout(timer);
  loading ||= cut;
  show();
  const words = typed().value;
  const look = async () => {
    const html = await source.search(words);
    if (typed().value !== words) return;
    put(html);
    covered = words;
  };
  if (cut) timer = setTimeout(fill, PAUSE, look, true);
}

function activate(option, isSeen = false) {
  active()?.removeAttribute("data-active");
  option?.setAttribute("data-active", "");
  typed().setAttribute("aria-activedescendant", option?.id ?? "");
  if (!isSeen) option?.scrollIntoView({ block: "nearest" });
}

// The pointer takes the mark along, so that one row is meant; rows that scroll below it do not.
export function point({ target, screenX, screenY }) {
  const option = target.closest('[role="option"]');
  const moved = pointed !== (pointed = `${screenX} ${screenY}`);
  if (moved && option && option !== active()) activate(option, true);
}

export function move(steps) {
  const options = shown();
  const at = options.indexOf(active()) + steps;
  activate(options[Math.max(0, Math.min(options.length - 1, at))]);
}
