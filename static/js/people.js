// Who else is here and who is typing, on the page of a chat that others take part in.

const SHOWN_FOR = 5000;
const TELL_EVERY = 3000;
const MOST_SHOWN = 3;
let here = [];
let typing = new Map();
let connection = null;
let told = 0;

export function take(data, by) {
  connection = by;
  if (data.t === "here") showHere(data.people);
  if (data.t === "typing") showTyping(data);
  if (data.t === "people" && data.me) roleChanged();
}

function badge(text) {
  const mark = document.createElement("span");
  mark.className = "avatar";
  mark.textContent = text;
  return mark;
}

function showHere(people = here) {
  here = people;
  const button = document.getElementById("people-button");
  if (!button) return;
  const shown = here.length > MOST_SHOWN ? here.slice(0, MOST_SHOWN - 1) : here;
  const marks = shown.map(({ name }) => badge([...name][0].toUpperCase()));
  if (here.length > shown.length) marks.push(badge(`+${here.length - shown.length}`));
  button.querySelector(".people-here").replaceChildren(...marks);
  button.dataset.alone ??= button.title;
  const names = here.map(({ name }) => name).join(", ");
  button.title = names ? button.dataset.here.replace("%s", () => names) : button.dataset.alone;
  button.setAttribute("aria-label", button.title);
}

// The line ends by itself: whoever goes on says so again.
function showTyping({ id, name }) {
  clearTimeout(typing.get(id)?.timer);
  const timer = setTimeout(() => typing.delete(id) && sayTyping(), SHOWN_FOR);
  typing.set(id, { name, timer });
  sayTyping();
}

function sayTyping() {
  const line = document.getElementById("typing");
  if (!line) return;
  const names = [...typing.values()].map(({ name }) => name);
  const words = { 0: "", 1: line.dataset.one, 2: line.dataset.two }[names.length] ?? line.dataset.several;
  const said = words.replace(/%([12])/g, (_all, at) => names[at - 1]);
  // What stays the same is not read out again.
  if (line.textContent !== said) line.textContent = said;
}

// The page of a reader has no composer, that of a writer has.
function roleChanged() {
  const { page } = document.getElementById("thread").dataset;
  const target = document.getElementById("main");
  window.htmx.ajax("GET", page, { source: target, target, select: "#main", swap: "outerHTML" });
}

// Nothing more comes or can be sent; what was being written stays, to be copied.
export function removed() {
  showHere([]);
  document.querySelector("#reading .reading-note")?.remove();
  document.getElementById("typing")?.replaceWith(document.getElementById("no-member").content);
  for (const control of document.getElementById("composer-form")?.elements ?? []) {
    if (control.id === "composer") control.readOnly = true;
    else control.disabled = true;
  }
}

window.addEventListener("submit", (event) => {
  if (!event.target.querySelector("#composer:read-only")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

document.addEventListener("input", ({ target }) => {
  if (target.id !== "composer" || !target.value || !here.length || Date.now() - told < TELL_EVERY) return;
  told = Date.now();
  connection.send({ typing: true });
});

// Others take a sent message for the end of typing: what is typed next is told at once.
document.addEventListener("submit", ({ target }) => {
  if (target.id === "composer-form") told = 0;
});

document.addEventListener("htmx:afterSwap", ({ target }) => {
  // What was being typed is there now.
  if (target.id === "thread") {
    for (const { timer } of typing.values()) clearTimeout(timer);
    typing = new Map();
  }
  showHere();
  sayTyping();
});
