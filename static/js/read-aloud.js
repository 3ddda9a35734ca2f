// Reads a message with the browser's own voice, a sentence at a time: browsers fall silent in long
// ones. One message at a time; leaving the page or its thread ends it.
import { toast } from "./toasts.js";

const SILENT = "button, svg, annotation, .code, [hidden]";
const LONGEST = 220;
const voice = window.speechSynthesis;
let reading = null;

export function run(button) {
  if (button.dataset.action === "stop-reading") return stop();
  const article = document.getElementById(button.dataset.for);
  stop();
  if (!voice || !article) return say("noVoice");
  const queue = sentences(article);
  if (!queue.length) return say("nothingToRead");
  reading = { article, queue };
  mark(article, true);
  return next(reading);
}

const say = (name) => toast(document.getElementById("texts").dataset[name]);

function mark(article, on) {
  const button = article.querySelector('[data-action="stop-reading"]');
  if (button) button.hidden = !on;
}

function stop() {
  if (!reading) return;
  mark(reading.article, false);
  reading = null;
  voice.cancel();
}

function next(current) {
  if (reading !== current) return;
  if (!current.queue.length || !current.article.isConnected) return stop();
  const spoken = new SpeechSynthesisUtterance(current.queue.shift());
  const { lang } = current.article.querySelector(".message-body").closest("[lang]") ?? {};
  if (lang) spoken.lang = lang;
  spoken.onend = () => next(current);
  spoken.onerror = ({ error }) => {
    if (reading !== current) return;
    stop();
    if (error !== "canceled" && error !== "interrupted") say("noVoice");
  };
  voice.speak(spoken);
}

// Code is shown, not read.
function sentences(article) {
  const copy = article.querySelector(".message-body").cloneNode(true);
  for (const element of copy.querySelectorAll(SILENT)) element.remove();
  const blocks = copy.children.length ? [...copy.children] : [copy];
  const segments = new Intl.Segmenter(undefined, { granularity: "sentence" });
  return blocks
    .flatMap((block) => [...segments.segment(block.textContent)])
    .flatMap(({ segment }) => segment.match(new RegExp(`.{1,${LONGEST}}(?:\\s|$)|\\S{1,${LONGEST}}`, "gsu")) ?? [])
    .map((sentence) => sentence.trim())
    .filter((sentence) => /[\p{L}\p{N}]/u.test(sentence));
}

addEventListener("pagehide", stop);
