// A form of the server's in a dialog. Its link leads to the same form as a page.

let sheet = null;
let opener = null;

function make() {
  sheet = document.createElement("dialog");
  sheet.id = "sheet";
  sheet.className = "dialog sheet";
  sheet.setAttribute("aria-labelledby", "sheet-title");
  document.body.append(sheet);
  sheet.addEventListener("click", ({ target }) => target.closest('[data-action="close-sheet"]') && sheet.close());
  sheet.addEventListener("close", () => {
    // What opened it came anew with the list, or went into a folder.
    const folder = sheet.querySelector("[name=folder]")?.value;
    const heirs = [opener, `summary-${folder}`, "main"].map((id) => document.getElementById(id));
    heirs.find((heir) => heir?.checkVisibility())?.focus({ preventScroll: true });
    sheet.replaceChildren();
  });
}

export async function run(link) {
  if (!sheet?.isConnected) make();
  const menu = link.closest("[popover]");
  const button = menu ? document.querySelector(`[aria-controls="${menu.id}"]`) : link;
  opener = button?.id || null;
  sheet.replaceChildren();
  await window.htmx.ajax("GET", link.href, { source: sheet, target: sheet, swap: "innerHTML" });
  // What went wrong was said.
  if (!sheet.childElementCount || sheet.open) return;
  sheet.showModal();
}

document.addEventListener("parley:sheet-done", () => sheet?.close());
