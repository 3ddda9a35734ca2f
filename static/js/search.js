// The search over any page: a combobox in a dialog. Its options are links that the server made.
// The dialog opens without this (shell.js), and Enter leads to the page of the search.

const options = () => [...document.querySelectorAll('#search-list [role="option"]')];
const input = () => document.getElementById("search-input");
const dialog = document.getElementById("search-dialog");
let selected = null;

// It is open by then, and its options may be there.
export const run = () => select(input()?.value.trim() ? options()[0] : null);
dialog?.addEventListener("keydown", keydown);
dialog?.addEventListener("htmx:afterSwap", run);
// Options are reached by the arrows; a press must not take the focus from the field.
dialog?.addEventListener("mousedown", (event) => event.target.closest('[role="option"]') && event.preventDefault());

function select(option) {
  selected?.setAttribute("aria-selected", "false");
  selected = option ?? null;
  selected?.setAttribute("aria-selected", "true");
  selected?.scrollIntoView({ block: "nearest" });
  if (selected) input()?.setAttribute("aria-activedescendant", selected.id);
  else input()?.removeAttribute("aria-activedescendant");
}

function keydown(event) {
  if (event.isComposing || event.target !== input() || event.altKey) return;
  const all = options();
  const at = all.indexOf(selected);
  const next = { ArrowDown: at + 1, ArrowUp: at < 0 ? all.length - 1 : at - 1 }[event.key];
  if (next !== undefined) {
    event.preventDefault();
    select(all[(next + all.length) % all.length]);
  }
  // What the list shows may be of what was typed before: then the page of the search answers.
  const isNew = document.getElementById("search-list")?.dataset.q !== input().value;
  if (event.key === "Enter" && selected?.isConnected && !isNew) {
    event.preventDefault();
    selected.click();
  }
}

// A filter that is chosen or taken away changes what is typed.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-fill]");
  const field = link?.closest("dialog") ? input() : document.getElementById("search-page-input");
  if (!link || !field || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  field.value = link.dataset.fill;
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
});

// Another place of the same page is no new page: the dialog would stay.
document.addEventListener("click", (event) => {
  if (event.target.closest("#search-list a:not([data-fill])")) dialog?.close();
});
