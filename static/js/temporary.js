// Temporary chats are deleted once they are left. Whether that happened is seen by the page that
// comes in their place in the same tab: a reload is not leaving, nor is what belongs to the chat.

const KEY = "temporary";
// Another tab that shows the chat says so well within it.
const PATIENCE = 400;
const tabs = new BroadcastChannel(KEY);
const asking = new Map();

// The address of the temporary chat that this page shows.
const here = () => document.querySelector("[data-temporary]")?.dataset.temporary;
const known = () => (sessionStorage.getItem(KEY) ?? "").split(" ").filter(Boolean);

function know(addresses) {
  if (addresses.length) sessionStorage.setItem(KEY, addresses.join(" "));
  else sessionStorage.removeItem(KEY);
}

// A file of the chat, one of its messages, a form of its own: none shows another chat.
function isBeside(address) {
  const path = location.pathname;
  return /^\/(attachments|m)\//.test(path) || (path.startsWith(address) && path !== address);
}

const isOpen = (address) => here() === address || (isBeside(address) && known().includes(address));

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

// A tab that was duplicated shows the chat as well. What is not decided when this page goes is
// asked by the next one.
function leave(address) {
  if (asking.has(address)) return;
  tabs.postMessage({ ask: address });
  const timer = setTimeout(() => done(address, end), PATIENCE);
  asking.set(address, timer);
}

function done(address, then) {
  clearTimeout(asking.get(address));
  asking.delete(address);
  know(known().filter((each) => each !== address));
  then?.(address);
}

tabs.onmessage = ({ data: { ask, open } }) => {
  if (ask && isOpen(ask)) tabs.postMessage({ open: ask });
  if (open && asking.has(open)) done(open);
};

export function settle() {
  const shown = here();
  if (shown && !known().includes(shown)) know([...known(), shown]);
  for (const address of known()) {
    if (isOpen(address)) continue;
    // One that was kept is shown as an ordinary chat.
    if (address === location.pathname) done(address);
    else leave(address);
  }
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
