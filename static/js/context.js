// What the chosen model takes: images or not, and how much of its context window is used.
// The rules of thumb are those of chats/context.py.

const BYTES_A_TOKEN = 4;
const MESSAGE = 4;
const IMAGE = 1600;
const composer = () => document.querySelector("[data-composer]");
const facts = () => document.getElementById("model-facts")?.dataset ?? {};
const number = new Intl.NumberFormat(document.documentElement.lang || undefined);
const rounded = (tokens) => number.format(Number(tokens.toPrecision(2)));
let chat = null;
let earlier = 0;
let said = "";
let timer = null;

// Why images cannot be added now; nothing when they can, or when nobody knows.
export function noImages() {
  const { images, label } = facts();
  return images === "no" ? composer().dataset.noImages.replace("%s", label) : "";
}

// The button stays as it is: other files are taken by any model.
function markImages() {
  const label = composer().querySelector(".composer-attach");
  label.querySelector("[data-why]").textContent = noImages();
}

// Tokens of the chat so far as the server knows them; it does not while a reply is written.
function before() {
  const { draft } = document.getElementById("composer-form").dataset;
  const { tokens } = document.getElementById("composer-state").dataset;
  if (chat !== draft || tokens) earlier = Number(tokens ?? 0);
  chat = draft;
  return earlier;
}

function typed() {
  const text = document.getElementById("composer").value;
  const images = document.querySelectorAll("#previews > .file-image").length;
  const files = [...document.querySelectorAll("#previews [data-tokens]")];
  const read = files.reduce((sum, file) => sum + Number(file.dataset.tokens), 0);
  const bytes = new TextEncoder().encode(text).length;
  const begun = bytes || images || files.length;
  return begun ? MESSAGE + Math.ceil(bytes / BYTES_A_TOKEN) + images * IMAGE + read : 0;
}

// What is left of the window when the reply has its room.
function room(all) {
  const limit = Number(document.getElementById("setting-max_tokens")?.defaultValue);
  const reply = limit ? Math.min(limit, all / 2) : Math.min(facts().maxOutput ?? all, all / 4);
  return all - reply;
}

function level(all, used, old) {
  const most = room(all);
  if (!all || used < Math.min(0.8 * all, 0.9 * most)) return "";
  if (old && used > most) return "over";
  return used > all ? "alone" : "near";
}

function show() {
  if (!composer()) return;
  markImages();
  const all = Number(facts().context ?? 0);
  const old = before();
  const used = old + typed();
  const now = level(all, used, old);
  const line = document.getElementById("context-line");
  line.hidden = !now;
  line.dataset.level = now;
  line.textContent = (line.dataset[now] ?? "").replace("%1", rounded(used)).replace("%2", number.format(all));
  // Once for each step, not with every key.
  if (now && now !== said) document.getElementById("announcer").textContent = line.textContent;
  said = now;
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(show, 250);
}

document.addEventListener("input", (event) => event.target.id === "composer" && later());
for (const name of ["htmx:load", "parley:model", "parley:uploaded"]) document.addEventListener(name, later);
show();
