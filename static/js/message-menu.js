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
  link.setAttribute("aria-controls", menu().id);
  menu().showPopover();
  menu().querySelector("a, button").focus({ focusVisible: link.matches(":focus-visible") });
}

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
