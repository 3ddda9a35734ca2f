// The frame of the app: the sidebar (a drawer on phones), menus beside their buttons.

const root = document.documentElement;
const phone = matchMedia("(max-width: 56rem)");
let opener = null;

export function toggleSidebar(from) {
  if (phone.matches) return root.dataset.drawer ? closeDrawer() : openDrawer(from);
  const hidden = root.dataset.sidebar === "hidden";
  if (hidden) delete root.dataset.sidebar;
  else root.dataset.sidebar = "hidden";
  document.cookie = `sidebar=${hidden ? "shown" : "hidden"}; path=/; max-age=31536000; samesite=lax`;
  const next = document.querySelector(`${hidden ? "#sidebar" : "#topbar"} [data-action="toggle-sidebar"]`);
  if (from) next?.focus();
}

function openDrawer(from) {
  const sidebar = document.getElementById("sidebar");
  opener = from ?? document.activeElement;
  root.dataset.drawer = "open";
  sidebar.setAttribute("role", "dialog");
  sidebar.setAttribute("aria-modal", "true");
  document.getElementById("main").inert = true;
  sidebar.querySelector("a, button").focus();
}

export function closeDrawer() {
  if (!root.dataset.drawer) return false;
  const sidebar = document.getElementById("sidebar");
  delete root.dataset.drawer;
  sidebar.removeAttribute("role");
  sidebar.removeAttribute("aria-modal");
  document.getElementById("main").inert = false;
  opener?.focus();
  return true;
}

// It takes at once what is typed next, which is nobody else's; what it finds comes later.
function openSearch() {
  const dialog = document.getElementById("search-dialog");
  // On the page of the search its field is there already.
  if (!dialog) return document.getElementById("search-page-input").select();
  if (dialog.open) return dialog.close();
  dialog.querySelector("form").reset();
  document.getElementById("search-options").replaceChildren();
  dialog.showModal();
  window.htmx?.trigger(dialog.querySelector("form"), "parley:search");
}

document.addEventListener("click", (event) => {
  const action = event.target.closest("[data-action]");
  if (action?.dataset.action === "toggle-sidebar" || action?.dataset.action === "close-sidebar") {
    event.preventDefault();
    if (action.dataset.action === "close-sidebar") closeDrawer();
    else toggleSidebar(action);
  }
  if (action?.dataset.action === "search" && !event.ctrlKey && !event.metaKey && !event.shiftKey) openSearch();
  if (action?.dataset.action === "help") document.getElementById("help").showModal();
  // A click beside a dialog closes it; a chosen entry closes its menu.
  if (event.target.matches("dialog")) event.target.close();
  if (event.target.closest(".menu-item:not(summary), [data-closes]")) event.target.closest("[popover]")?.hidePopover();
});

phone.addEventListener("change", closeDrawer);

// Without this a menu opens in the middle of the window, which works as well.
document.addEventListener(
  "beforetoggle",
  (event) => {
    const menu = event.target;
    if (event.newState !== "open" || !menu.matches?.(".menu")) return;
    const box = document.querySelector(`[popovertarget="${menu.id}"], [aria-controls="${menu.id}"]`).getBoundingClientRect();
    const below = box.bottom < innerHeight * 0.6;
    const right = box.left > innerWidth * 0.5;
    // A menu whose width is known stays on the screen.
    const room = root.clientWidth - 8 - (parseFloat(getComputedStyle(menu).width) || 0);
    Object.assign(menu.style, {
      margin: 0,
      top: below ? `${box.bottom + 4}px` : "auto",
      bottom: below ? "auto" : `${innerHeight - box.top + 4}px`,
      left: right ? "auto" : `${Math.max(8, Math.min(box.left, room))}px`,
      right: right ? `${Math.max(8, Math.min(root.clientWidth - box.right, room))}px` : "auto",
    });
  },
  true,
);

// With the form its panel is replaced: the focus returns to what opened it.
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.requestConfig.elt.id !== "settings-form") return;
  if (!detail.successful || detail.xhr.status === 422) return;
  document.querySelector('[popovertarget="conversation-settings"]')?.focus();
});

// Whoever signs out leaves no words behind.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-sign-out]")) return;
  const words = Object.keys(localStorage).filter((k) => /^(draft|files|outbox):/.test(k));
  for (const name of words) localStorage.removeItem(name);
});
