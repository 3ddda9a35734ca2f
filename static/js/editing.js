// Editing a message: where the focus was before, it is again after Cancel.
let back = "#composer";

document.addEventListener("htmx:beforeRequest", (event) => {
  if (!event.target.matches("[data-edit]")) return;
  const written = document.activeElement.id === "composer";
  back = written ? "#composer" : `#${event.target.closest("article").id} [data-edit]`;
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (!event.detail.requestConfig.elt.matches("[data-cancel]")) return;
  document.querySelector(back)?.focus({ preventScroll: true });
});
