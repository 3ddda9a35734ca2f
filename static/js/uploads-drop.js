// Shows where dragged files go. It covers the page: to leave it is to leave the page.

const root = document.documentElement;
const hide = () => root.removeAttribute("data-drop");

export const show = () => root.setAttribute("data-drop", "");

document.addEventListener("dragleave", ({ target }) => {
  if (target.matches?.(".drop-zone")) hide();
});
// No pointer moves while something is dragged: it ended somewhere else.
for (const name of ["drop", "pointermove"]) document.addEventListener(name, hide);
