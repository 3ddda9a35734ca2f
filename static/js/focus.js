// What leaves the page passes the focus on: keyboards and screen readers would start at the top.
document.addEventListener("htmx:beforeSwap", ({ detail: { target: gone } }) => {
  if (!gone.matches("li[id], #archived") || !gone.contains(document.activeElement)) return;
  const { nextElementSibling: next, previousElementSibling: previous } = gone;
  // Swapped at once after this event.
  setTimeout(() => {
    if (document.activeElement !== document.body) return;
    const rows = gone.matches("li") ? [document.getElementById(gone.id), next, previous] : [];
    const links = rows.filter((row) => row?.isConnected).map((row) => row.querySelector("a"));
    const heirs = [...links, document.getElementById("composer"), document.getElementById("main")];
    heirs.find(Boolean).focus({ preventScroll: true });
  });
});
