// Notifications of the browser's own, for whoever asked for them in this browser: shown once, and
// only when no page of the site is in sight.

const CHOICE = "desktop-notifications";
const IN_SIGHT = "parley-in-sight";
let release = null;

const isOn = () => localStorage.getItem(CHOICE) === "on" && state() === "on";

function state() {
  if (!("Notification" in window) || !navigator.locks) return "none";
  if (Notification.permission === "denied") return "denied";
  return Notification.permission === "granted" && localStorage.getItem(CHOICE) === "on" ? "on" : "off";
}

// Shows how things stand in the panel or on the page.
export function prepare() {
  for (const text of document.querySelectorAll("[data-desktop-state]")) {
    text.hidden = text.dataset.desktopState !== state();
  }
}

document.addEventListener("click", async ({ target }) => {
  const action = target.closest("[data-action]")?.dataset.action;
  if (action !== "desktop-on" && action !== "desktop-off") return;
  if (action === "desktop-on") await Notification.requestPermission();
  // Last, for other pages hear of it.
  localStorage.setItem(CHOICE, action === "desktop-on" ? "on" : "off");
  prepare();
  sight();
  document.querySelector("[data-desktop-state]:not([hidden]) button")?.focus();
});

// Every page in sight holds a lock, which the browser takes from it when it goes, whatever happens.
function sight() {
  release?.();
  release = null;
  if (document.hidden || !isOn()) return;
  const held = new Promise((resolve) => (release = resolve));
  navigator.locks.request(IN_SIGHT, { mode: "shared" }, () => held);
}
document.addEventListener("visibilitychange", sight);
addEventListener("storage", ({ key }) => {
  if (key !== CHOICE) return;
  prepare();
  sight();
});
if ("Notification" in window && navigator.locks) sight();

// Of all hidden pages one shows it.
export async function offer({ id }) {
  if (!isOn()) return;
  await navigator.locks.request(`parley-tell-${id}`, { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    const { held } = await navigator.locks.query();
    if (held.some(({ name }) => name === IN_SIGHT)) return;
    await show(id);
    // Other pages that hear of it a moment later find the lock taken.
    await new Promise((resolve) => setTimeout(resolve, 1000));
  });
}

async function show(id) {
  const answer = await fetch(`/notifications/${id}/toast/`, { headers: { "HX-Request": "true" } });
  if (!answer.ok) return;
  const told = new DOMParser().parseFromString(await answer.text(), "text/html");
  const text = told.querySelector(".toast-text").textContent;
  const shown = new Notification("Parley", { body: text, tag: id, icon: document.querySelector("link[rel=icon]").href });
  shown.onclick = () => {
    shown.close();
    window.focus();
    const link = told.querySelector("a[href]")?.getAttribute("href");
    if (link) location.assign(link);
  };
}
