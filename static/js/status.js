// Keeps the status page up to date while it is looked at. Only elements with data-live are replaced,
// and only when they changed: the focus, open details and what is selected stay. A screen reader
// hears when a connection begins or ceases to work, and nothing else.

const INTERVAL = 5000;
const SOON = [400, 1500, 4000];
let asking = false;

async function look() {
  if (document.hidden || asking) return;
  asking = true;
  try {
    const answer = await fetch(location.href, { headers: { "HX-Request": "true" } });
    if (answer.redirected) location.reload(); // Signed out.
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    const text = await answer.text();
    update(new DOMParser().parseFromString(text, "text/html").getElementById("status"));
    document.getElementById("status-away").hidden = true;
  } catch {
    document.getElementById("status-away").hidden = false;
  } finally {
    asking = false;
  }
}

function update(fresh) {
  const status = document.getElementById("status");
  const said = [];
  for (const now of fresh.querySelectorAll("[data-state]")) {
    const { state } = document.getElementById(now.id)?.dataset ?? now.dataset;
    const expected = state === "unknown" && now.dataset.state === "ok";
    if (state !== now.dataset.state && now.dataset.said && !expected) said.push(now.dataset.said);
  }
  if (outline(fresh) !== outline(status)) reshape(status, fresh);
  for (const now of fresh.querySelectorAll("[data-live]")) {
    const before = document.getElementById(now.id);
    if (before && !before.isEqualNode(now)) before.replaceWith(document.importNode(now, true));
  }
  if (said.length) document.getElementById("status-said").textContent = said.join(" ");
}

// Connections come and go, and so do their lists of models.
function reshape(status, fresh) {
  const cards = [...fresh.children].map((card) => {
    const kept = card.id && document.getElementById(card.id);
    if (!kept) return document.importNode(card, true);
    const called = card.querySelector('[id^="called-"]');
    const shown = kept.querySelector('[id^="called-"]');
    if (!called.firstElementChild !== !shown.firstElementChild) shown.replaceWith(document.importNode(called, true));
    return kept;
  });
  if (cards.some((card, index) => status.children[index] !== card) || cards.length !== status.children.length) {
    status.replaceChildren(...cards);
  }
}

function outline(root) {
  return [...root.querySelectorAll("[id]")].map((element) => element.id).join();
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest('[data-action="refresh"]');
  if (!form) return;
  event.preventDefault();
  try {
    await fetch(form.action, { method: "POST", body: new FormData(form), headers: { "HX-Request": "true" } });
  } catch {
    // The next look says that the site is away.
  }
  for (const pause of SOON) setTimeout(look, pause);
});

document.addEventListener("visibilitychange", look);
setInterval(look, INTERVAL);
