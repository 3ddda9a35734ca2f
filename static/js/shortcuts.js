// Keys. Every one of them presses something that is on the page anyway.
import { closeDrawer, toggleSidebar } from "./shell.js";

const press = (selector) => {
  const found = document.querySelector(selector);
  found?.click();
  return Boolean(found);
};

const go = (address) => {
  location.assign(address);
  return true;
};

const last = (selector) => [...document.querySelectorAll(selector)].at(-1);

const withShift = {
  KeyO: () => go("/"),
  KeyS: () => toggleSidebar() ?? true,
  KeyM: () => press('[data-action="pick-model"]'),
  KeyC: () => {
    const copy = last('[data-role="assistant"] [data-action="copy-message"]');
    copy?.click();
    return Boolean(copy);
  },
};

function help() {
  const dialog = document.getElementById("help");
  if (dialog.open) dialog.close();
  else dialog.showModal();
  return true;
}

function escape(event) {
  if (event.isComposing || document.querySelector("dialog[open], :popover-open")) return false;
  const renaming = event.target.closest?.("[data-rename]");
  if (renaming) return renaming.querySelector('[data-action="cancel-rename"]').click() ?? true;
  const editing = event.target.closest?.("[data-edit-form]");
  if (editing) return editing.querySelector("[data-cancel]").click() ?? true;
  return closeDrawer() || press('[data-action="stop"]');
}

function editLast(event) {
  if (event.target.id !== "composer" || event.target.value || event.shiftKey) return false;
  const edit = last("[data-edit]");
  edit?.click();
  return Boolean(edit);
}

// A link that acts as a button is pressed by the space bar, too.
function space(event) {
  if (!event.target.matches?.('a[role="button"]')) return false;
  event.target.click();
  return true;
}

function handle(event) {
  if (event.key === " ") return space(event);
  if (event.key === "Escape") return escape(event);
  if (event.key === "ArrowUp" && !event.ctrlKey && !event.metaKey) return editLast(event);
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return false;
  if (event.shiftKey) return withShift[event.code]?.() ?? false;
  if (event.key === "/") return help();
  if (event.key.toLowerCase() === "k") return press('a[data-action="search"]') || go("/search/");
  if (event.key === ".") return go("/settings/");
  return false;
}

document.addEventListener("keydown", (event) => {
  if (handle(event)) event.preventDefault();
});
