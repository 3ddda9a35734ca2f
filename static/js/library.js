// Typing `/` or `@` in the composer opens a list of templates or presets over it. Nothing but a
// choice changes what is typed: whoever goes on typing, or presses Escape, sends it as it is.
import * as list from "./library-list.js";
import { isInserting, put } from "./library-text.js";

// After a blank; with words that may have one between them, but no second sign: that is a path.
const SIGN = /(?:^|\s)([/@])((?:[^\s/@][^\n/@]{0,60})?)$/;
const REACH = 80;
const field = () => document.getElementById("composer");
let place = null;
let dismissed = null;
let nothing = null;
let entered = false;
// The sign that the button put in: it goes with the list, unless something came of it.
let lent = null;

function find(area) {
  const { selectionStart: end, selectionEnd, value } = area;
  const found = end === selectionEnd && SIGN.exec(value.slice(Math.max(0, end - REACH), end));
  if (!found) return null;
  const [, sign, words] = found;
  return { sign, words, start: end - words.length - 1, end, text: sign + words };
}

// With `enter`, Enter was pressed already: for the list, or else for the composer.
export function look(enter = false) {
  entered ||= enter;
  if (!asks()) settled();
}

// Whether the list is being asked for what stands at the caret.
function asks() {
  if (isInserting()) return false;
  const area = field();
  const found = area && document.activeElement === area ? find(area) : null;
  if (!found) {
    dismissed = nothing = null;
    hide();
    return false;
  }
  const same = found.start === place?.start && found.text === place.text;
  place = found;
  // What was closed stays closed, and words that found nothing find nothing when there are more.
  if (found.start === dismissed) return false;
  if (nothing?.start === found.start && found.text.startsWith(nothing.text)) return false;
  if (!same) list.ask(area, found.sign, found.words, answered);
  return !same || list.isAsking();
}

function answered() {
  nothing = list.isOpen() ? null : place;
  settled();
}

function settled() {
  const again = entered;
  entered = false;
  if (!again) return;
  if (place && list.active()) return choose(list.active());
  // It was not for the list: as if it were pressed now.
  const event = new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true });
  if (field().dispatchEvent(event)) put(field(), null, "\n");
}

function takeBack(area) {
  const { start, end, text } = lent ?? {};
  lent = null;
  if (!text || area.value.slice(start, end) !== text) return;
  area.setRangeText("", start, end, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

function hide() {
  place = null;
  list.close(field());
}

function close() {
  hide();
  entered = false;
}

async function choose(option) {
  const [at, area] = [place, field()];
  lent = null;
  close();
  dismissed = at.start;
  const loading = at.sign === "@" ? import("./library-preset.js") : import("./library-template.js");
  const module = await loading.catch(() => null);
  if (module) return module.use(option, (text) => put(area, at, text));
  document.dispatchEvent(new CustomEvent("parley:trouble", { detail: "notLoaded" }));
}

function key(event) {
  if (event.target !== field() || !place || event.isComposing || event.keyCode === 229) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const steps = { ArrowDown: 1, ArrowUp: -1 };
  if (event.key === "Enter" && list.isAsking()) entered = true;
  else if (!list.isOpen()) return;
  else if (event.key === "Escape") {
    dismissed = place.start;
    list.close(field());
    takeBack(field());
  } else if (!list.active()) return;
  else if (event.key in steps) list.move(field(), steps[event.key]);
  else if (event.key === "Enter" || event.key === "Tab") choose(list.active());
  else return;
  // Neither the composer nor the shortcuts take this key for theirs.
  event.preventDefault();
  event.stopPropagation();
}

// The buttons that stand for the signs.
export function run({ dataset: { sign } }) {
  const area = field();
  area.focus();
  const at = list.isOpen() ? place : find(area);
  dismissed = nothing = null;
  const before = area.value[(at?.start ?? area.selectionStart) - 1] ?? " ";
  const text = `${/\s/.test(before) ? "" : " "}${sign}${at?.words ?? ""}`;
  const isLent = !at || lent?.start === at.start || lent?.end === at.end;
  put(area, at, text);
  const end = area.selectionStart;
  lent = isLent ? { start: at ? Math.min(at.start, lent.start) : end - text.length, end } : null;
  if (lent) lent.text = area.value.slice(lent.start, end);
  place = null;
  look();
}

document.addEventListener("keydown", key, true);
document.addEventListener("input", ({ target }) => target.id === "composer" && look());
document.addEventListener("selectionchange", () => place && look());
document.addEventListener("focusout", ({ target }) => {
  if (target.id !== "composer") return;
  close();
  takeBack(target);
});
document.addEventListener("mousedown", (event) => {
  // The focus, and with it a phone's keyboard, stays in the composer.
  if (event.target.closest?.("#library")) event.preventDefault();
});
document.addEventListener("click", ({ target }) => {
  const option = target.closest?.("#library [role=option]");
  if (option && place) choose(option);
});
