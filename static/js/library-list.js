// The list over the composer: asked for while somebody types, and walked by the keys.

const PAUSE = 120;
const box = () => document.getElementById("library");
const options = () => [...box().querySelectorAll('[role="option"]')];
let asked = 0;
let timer;

export let asking = false;
export const isAsking = () => asking;
export const isOpen = () => Boolean(box() && !box().hidden);
export const active = () => (isOpen() ? box().querySelector('[aria-selected="true"]') : null);

// The latest question counts, whatever order the answers come in.
export function ask(area, sign, words, then) {
  const number = ++asked;
  clearTimeout(timer);
  asking = true;
  timer = setTimeout(
    async () => {
      const html = await load(sign, words);
      if (number !== asked) return;
      asking = false;
      show(area, html);
      then();
    },
    isOpen() ? PAUSE : 0,
  );
}

async function load(sign, words) {
  const address = sign === "@" ? box().dataset.presets : box().dataset.templates;
  try {
    const answer = await fetch(`${address}?q=${encodeURIComponent(words)}`, { headers: { "HX-Request": "true" } });
    if (!answer.ok || answer.redirected) throw new Error(`The list answered ${answer.status}.`);
    return await answer.text();
  } catch {
    const failed = document.createElement("p");
    failed.className = "library-none";
    failed.textContent = box().dataset.failed;
    return failed.outerHTML;
  }
}

function show(area, html) {
  box().innerHTML = html;
  box().hidden = !box().childElementCount;
  const found = box().querySelector('[role="listbox"]');
  const said = found?.dataset.said ?? box().querySelector("p")?.textContent ?? "";
  document.getElementById("announcer").textContent = said;
  mark(area, options()[0]);
  if (!found) return;
  // What a text field may have: it is a combobox in all but name.
  area.setAttribute("aria-autocomplete", "list");
  area.setAttribute("aria-haspopup", "listbox");
  area.setAttribute("aria-controls", found.id);
}

function mark(area, option) {
  active()?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  if (option) area.setAttribute("aria-activedescendant", option.id);
  else area.removeAttribute("aria-activedescendant");
  option?.scrollIntoView({ block: "nearest" });
}

export function move(area, step) {
  const all = options();
  mark(area, all[(all.indexOf(active()) + step + all.length) % all.length]);
}

export function close(area) {
  asked += 1;
  asking = false;
  clearTimeout(timer);
  if (!box()) return;
  box().hidden = true;
  box().replaceChildren();
  for (const name of ["autocomplete", "haspopup", "controls", "activedescendant"]) {
    area?.removeAttribute(`aria-${name}`);
  }
}
