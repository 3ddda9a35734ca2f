// A menu that the server fills when it is opened: one for all rows of a list, or all messages. Its
// link's data-action is the menu's id.

let opener = null;
let dismissed = false;

const menuOf = (link) => document.getElementById(link?.dataset.action);

function say(isOpen) {
  opener?.setAttribute("aria-expanded", String(isOpen));
  if (isOpen) opener?.setAttribute("aria-controls", menuOf(opener).id);
  else opener?.removeAttribute("aria-controls");
}

export async function run(link, prepare = () => {}) {
  if (dismissed && opener === link) return (dismissed = false);
  const menu = menuOf(link);
  menu.hidePopover();
  say(false);
  opener = link;
  menu.replaceChildren();
  const isByKey = link.matches(":focus-visible");
  await window.htmx.ajax("GET", link.href, { source: link, target: menu, swap: "innerHTML" });
  // What went wrong was said; another menu may have been asked for meanwhile.
  if (opener !== link || !menu.childElementCount) return;
  // Its list may have come anew.
  opener = link.isConnected ? link : document.getElementById(link.id);
  if (!opener) return;
  prepare(menu);
  say(true);
  // Where the focus returns to; Safari gives it to no link that is clicked.
  opener.focus({ preventScroll: true, focusVisible: isByKey });
  menu.showPopover();
  menu.querySelector("a, button").focus({ focusVisible: isByKey });
}

// Up and Down go from entry to entry, beside Tab.
document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const menu = menuOf(opener);
  if (!step || !menu?.contains(event.target) || event.target.matches("input, textarea")) return;
  const entries = [...menu.querySelectorAll("a, button, summary")].filter((entry) => entry.checkVisibility());
  const next = entries.indexOf(document.activeElement) + step;
  entries[(next + entries.length) % entries.length].focus();
  event.preventDefault();
});

// A click on what opened the menu closes it before it is heard of here.
document.addEventListener(
  "pointerdown",
  ({ target }) => (dismissed = Boolean(opener?.contains(target) && menuOf(opener)?.matches(":popover-open"))),
  true,
);
document.addEventListener(
  "toggle",
  ({ target, newState }) => {
    if (target === menuOf(opener)) opener.setAttribute("aria-expanded", String(newState === "open"));
  },
  true,
);

// With its list what opened the menu came anew: the place of what is open is another now.
document.addEventListener("htmx:afterSettle", () => {
  const menu = menuOf(opener);
  if (opener?.isConnected || !menu?.matches(":popover-open")) return;
  const heir = menu.contains(document.activeElement) ? document.getElementById(opener.id) : null;
  menu.hidePopover();
  heir?.focus({ preventScroll: true });
});
