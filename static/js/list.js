// The list of chats in the sidebar.

// A list that comes anew by itself waits while somebody is using a menu in it.
let late = false;
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const asking = detail.requestConfig.elt;
  if (asking.id !== "sidebar-items" || !asking.querySelector(".menu:popover-open")) return;
  detail.shouldSwap = false;
  late = true;
});
document.addEventListener(
  "toggle",
  (event) => {
    if (!late || event.newState !== "closed") return;
    late = false;
    // What was chosen in the menu is answered first: its answer needs its place on the page.
    setTimeout(() => document.body.dispatchEvent(new CustomEvent("parley:sidebar")), 1000);
  },
  true,
);

// Whoever renamed the open chat, its page follows the list.
document.addEventListener("htmx:afterSwap", ({ target }) => {
  const page = document.getElementById("thread")?.dataset.page;
  const link = target.id === "sidebar-items" && page && target.querySelector(`a[href="${page}"]`);
  if (!link) return;
  const title = link.textContent.trim();
  document.title = `${title} · Parley`;
  document.querySelector("#main > h1").textContent = title;
});

// The list keeps its place from page to page.
const list = document.querySelector(".sidebar-scroll");
if (list) {
  list.scrollTop = Number(sessionStorage.getItem("sidebar")) || 0;
  addEventListener("pagehide", () => sessionStorage.setItem("sidebar", list.scrollTop));
}
