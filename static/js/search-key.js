// Ctrl+K on pages that have no dialog of the search: it leads to the search's own page.
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.key.toLowerCase() !== "k") return;
  event.preventDefault();
  location.assign("/search/");
});
