// Files into the composer: each is uploaded at once, a few side by side, and stands there meanwhile.
import { sift } from "./uploads-check.js";
import { become, fail, nameOf, place, progress } from "./uploads-chip.js";
import { post } from "./uploads-post.js";
import { complain, clear, say, texts } from "./uploads-words.js";
import "./uploads-keep.js";
import "./uploads-wait.js";

const AT_ONCE = 3;
const queue = [];
let running = 0;

// As the server does it: no character that would turn what stands around a name.
function named(file) {
  const name = file.name.replace(/[\u0000-\u001f\u007f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "");
  return name === file.name ? file : new File([file], name, { type: file.type });
}

export async function add(files) {
  clear();
  const { taken, refused } = await sift(files.map(named));
  complain(refused);
  for (const file of taken) enter(file, place(file));
}

function enter(file, chip) {
  const job = { file, chip, request: null };
  chip.querySelector(".file-remove").onclick = () => cancel(job);
  queue.push(job);
  next();
}

function next() {
  while (running < AT_ONCE && queue.length) start(queue.shift());
}

// Who goes on writing has read what was refused.
document.addEventListener("input", ({ target }) => target.id === "composer" && clear());

function cancel(job) {
  job.chip.remove();
  tellRemoved(job.chip);
  job.request?.abort();
  removed();
}

async function start(job) {
  if (!job.chip.isConnected) return;
  running += 1;
  job.request = new XMLHttpRequest();
  const answer = await post(job.request, job.file, (share) => progress(job.chip, share));
  running -= 1;
  // Taken out meanwhile, or the page shows another chat by now.
  if (job.chip.isConnected) settle(job, answer);
  next();
}

function settle(job, { status, text }) {
  const { file, chip } = job;
  if (status === 200) {
    become(chip, text);
    say(texts().added.replace("%s", () => file.name));
  } else if (status === 422 || status === 413) {
    chip.remove();
    const part = new DOMParser().parseFromString(text, "text/html");
    const why = status === 422 && part.getElementById("composer-errors")?.textContent.trim();
    complain([why || `${file.name}: ${document.getElementById("texts").dataset.tooLarge}`]);
  } else {
    fail(chip, () => enter(file, again(file, chip)));
    say(texts().says.replace("%1", () => file.name).replace("%2", texts().broken));
    const trouble = { 0: "offline", 401: "signedOut", 403: "expired", 429: "tooMany" }[status] ?? "broken";
    document.dispatchEvent(new CustomEvent("parley:trouble", { detail: trouble }));
  }
  document.dispatchEvent(new Event("parley:uploaded"));
}

function again(file, chip) {
  const fresh = place(file);
  chip.replaceWith(fresh);
  fresh.querySelector(".file-remove").focus();
  return fresh;
}

const tellRemoved = (chip) => say(texts().removed.replace("%s", () => nameOf(chip)));

// What was removed had the keyboard's focus. Not the field: on a phone that opens a keyboard.
function removed() {
  document.dispatchEvent(new Event("parley:uploaded"));
  if (document.activeElement !== document.body) return;
  const left = [...document.querySelectorAll("#previews .file-remove")].at(-1);
  (left ?? document.querySelector(".composer-file")).focus({ preventScroll: true });
}

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  const { elt } = detail.requestConfig;
  if (!elt.matches(".file-remove")) return;
  const chip = elt.closest("li");
  if (detail.successful) tellRemoved(chip);
  // It was gone already: removed in another tab, or too old.
  else if (detail.xhr.status === 404) chip.remove();
  setTimeout(removed);
});

// A file that has been read says so, once.
document.addEventListener("htmx:load", ({ detail }) => {
  const { elt } = detail;
  if (!elt.matches("#previews .file-state") || elt.dataset.state === "reading") return;
  say(texts().says.replace("%1", () => nameOf(elt.closest("li"))).replace("%2", () => elt.textContent.trim()));
});
