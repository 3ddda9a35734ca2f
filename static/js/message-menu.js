// The menu of a message: one for all of them, which the server fills when it is opened.

const menu = () => document.getElementById("message-menu");
let opener = null;
let dismissed = false;

export async function run(link) {
  if (dismissed && opener === link) return (dismissed = false);
  opener?.removeAttribute("aria-controls");
  opener = link;
  menu().replaceChildren();
  await window.htmx.ajax("GET", link.href, { source: link, target: menu(), swap: "innerHTML" });
  // What went wrong was said; another menu may have been asked for meanwhile.
  if (opener !== link || !menu().childElementCount) return;
  readAloud();
  link.setAttribute("aria-controls", menu().id);
  menu().showPopover();
  menu().querySelector("a, button").focus({ focusVisible: link.matches(":focus-visible") });
}

// Offered only by browsers that have a voice; Chromium finds its voices after it was asked.
function readAloud() {
  const entry = menu().querySelector('[data-action="read-aloud"]');
  if (entry) entry.hidden = !window.speechSynthesis?.getVoices().length;
}

window.speechSynthesis?.getVoices();
window.speechSynthesis?.addEventListener("voiceschanged", () => menu() && readAloud());

// Up and Down go from entry to entry, beside Tab.
document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !event.target.closest("#message-menu") || event.target.matches("input, textarea")) return;
  const entries = [...menu().querySelectorAll("a, button, summary")].filter((entry) => entry.checkVisibility());
  const next = entries.indexOf(document.activeElement) + step;
  entries[(next + entries.length) % entries.length].focus();
  event.preventDefault();
});

// A click on what opened the menu closes it before it is heard of here.
document.addEventListener(
  "pointerdown",
  ({ target }) => (dismissed = Boolean(opener?.contains(target) && menu()?.matches(":popover-open"))),
  true,
);
document.addEventListener(
  "toggle",
  ({ target, newState }) => {
    if (target.id === "message-menu") opener?.setAttribute("aria-expanded", String(newState === "open"));
  },
  true,
);
