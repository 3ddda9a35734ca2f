import { announce } from "./toasts.js";

// What leaves the page passes the focus on: keyboards and screen readers would start at the top.
document.addEventListener("htmx:beforeSwap", ({ detail: { target: gone } }) => {
  if (!gone.matches("li[id], #archived, #announcements") || !gone.contains(document.activeElement)) return;
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

// A rating asks for a note below it, where the composer may stand; one that was saved folds away.
document.addEventListener("htmx:load", ({ detail: { elt } }) => {
  elt.querySelector(".rating-note[open]")?.scrollIntoView({ block: "nearest" });
  const saved = elt.querySelector(".rating-note [data-saved]");
  if (!saved) return;
  saved.focus({ preventScroll: true });
  announce("saved");
});
