// Temporary chats are deleted once they are left. Whether that happened is seen by the page that
// comes in their place in the same tab: a reload is not leaving.

const KEY = "temporary";

// The address of the temporary chat that this page shows.
const here = () => document.querySelector("[data-temporary]")?.dataset.temporary;

function forget(address) {
  Object.keys(localStorage)
    .filter((key) => key.includes(address.split("/")[2]))
    .forEach((key) => localStorage.removeItem(key));
}

function end(address) {
  forget(address);
  const headers = { "HX-Request": "true", ...JSON.parse(document.body.getAttribute("hx-headers")) };
  // What fails is swept by the server after an hour.
  fetch(`${address}end/`, { method: "POST", headers, keepalive: true }).catch(() => {});
}

export function settle() {
  const left = sessionStorage.getItem(KEY);
  const shown = here();
  // One that was kept is shown as an ordinary chat.
  if (left && left !== shown && left !== location.pathname) end(left);
  if (shown) sessionStorage.setItem(KEY, shown);
  else sessionStorage.removeItem(KEY);
}

// These end it themselves.
document.addEventListener("submit", ({ target }) => {
  const shown = here();
  if (!shown || !(target.matches("[data-sign-out]") || target.action.endsWith(`${shown}end/`))) return;
  forget(shown);
  sessionStorage.removeItem(KEY);
});

// A page that the browser kept in memory would show what is deleted.
addEventListener("pageshow", (event) => {
  if (event.persisted && here()) location.reload();
});
