// Whether the server can be reached, asked of the server itself; and the line that says so.

const SOON = 1200;
const MOST = 15_000;
const PATIENCE = 5000;
const texts = document.getElementById("texts").dataset;
let timer = null;
let failures = 0;

function show() {
  const line = document.getElementById("connection");
  if (!line) return;
  const words = navigator.onLine ? texts.unreachable : texts.away;
  const text = failures ? words : "";
  if (line.textContent !== text) line.textContent = text;
}

async function ask() {
  try {
    const answer = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    // A proxy says by itself that nobody is behind it.
    return answer.ok;
  } catch {
    return false;
  }
}

async function look() {
  const isThere = await ask();
  timer = null;
  if (isThere) return reached();
  failures += 1;
  show();
  timer = setTimeout(look, Math.min(MOST, SOON * 1.6 ** failures));
}

// Something went wrong. A short break is not worth a word.
export function suspect() {
  timer ??= setTimeout(look, SOON);
}

export function reached() {
  clearTimeout(timer);
  timer = null;
  failures = 0;
  show();
  document.dispatchEvent(new Event("parley:reached"));
}

addEventListener("offline", suspect);
addEventListener("online", () => {
  clearTimeout(timer);
  look();
});
document.addEventListener("htmx:sendError", suspect);
document.addEventListener("htmx:load", show);
if (!navigator.onLine) suspect();
