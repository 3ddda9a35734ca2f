// The list of chats in the sidebar, and what the page's socket tells of its user.

// Only the list is kept by everybody; all else is rare.
document.addEventListener("parley:told", async ({ detail }) => {
  // Before its socket was there the page may have missed something, and after it was lost anything.
  const missed = detail.t === "hello" && (detail.again || detail.n !== shownCount());
  if (detail.t === "sidebar" || missed) refresh();
  if (detail.t === "unread") for (const id of detail.ids) mark(id, detail.unread);
  if (missed || !["sidebar", "hello", "unread"].includes(detail.t)) (await import("./notifications.js")).take(detail);
});

const shownCount = () => Number(document.querySelector("#unread-count [data-count]")?.textContent);

// The list itself stays as it is, however far somebody has scrolled in it.
function mark(id, isUnread) {
  const link = document.getElementById(`link-${id}`);
  document.getElementById(`unread-${id}`)?.remove();
  link?.removeAttribute("aria-describedby");
  if (!link || !isUnread) return;
  link.after(document.getElementById("unread-template").content.cloneNode(true));
  link.nextElementSibling.id = `unread-${id}`;
  link.setAttribute("aria-describedby", `unread-${id}`);
}

// Asked for once however many events come together, and by pages that are looked at.
let waits = false;
function refresh() {
  waits = document.hidden;
  if (!waits) document.body.dispatchEvent(new CustomEvent("parley:sidebar"));
}
document.addEventListener("visibilitychange", () => waits && refresh());

// A list that comes anew by itself waits while somebody is using a menu in it, or naming a chat. One
// that was asked for before a folder was opened or closed would undo that: it is asked for again.
let late = false;
let toggled = false;
document.addEventListener("htmx:beforeRequest", ({ target }) => {
  if (target.id === "sidebar-items") toggled = false;
});
const isUsed = () => document.querySelector("#sidebar > .menu:popover-open, #sidebar-items [data-rename]");
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.requestConfig.elt.id !== "sidebar-items" || !(isUsed() || toggled)) return;
  detail.shouldSwap = false;
  if (isUsed()) late = true;
  else refresh();
});
function catchUp() {
  if (!late || isUsed()) return;
  late = false;
  // What was chosen in the menu is answered first: its answer needs its place on the page.
  setTimeout(refresh, 1000);
}
document.addEventListener("toggle", ({ newState }) => newState === "closed" && catchUp(), true);
document.addEventListener("htmx:afterSettle", catchUp);

// Whoever renamed the open chat, its page follows the list.
document.addEventListener("htmx:afterSwap", ({ target }) => {
  const page = document.getElementById("thread")?.dataset.page;
  const link = target.id === "sidebar-items" && page && target.querySelector(`a[href="${page}"]`);
  if (!link) return;
  const title = link.textContent.trim();
  document.title = `${title} · Parley`;
  document.querySelector("#main > h1").textContent = title;
});

// A page without a conversation hears of what concerns its user by a socket of its own; that of a
// conversation hears of it by the conversation's.
async function listen() {
  const { Connection } = await import("./connection.js");
  const tell = (detail) => document.dispatchEvent(new CustomEvent("parley:told", { detail }));
  const trouble = () => document.dispatchEvent(new CustomEvent("parley:trouble", { detail: "signedOut" }));
  if (document.querySelector("[data-socket]")) return;
  const onopen = (again, hello) => tell({ ...hello, again });
  const connection = new Connection("/ws/user/", { onmessage: tell, onopen, ondown() {}, onended: trouble });
  // A chat began on this page.
  document.addEventListener("parley:live", () => connection.close(), { once: true });
}

// Not needed for the page to be there.
function whenIdle() {
  if (!document.querySelector("[data-socket]")) listen();
  if (shownCount() || document.getElementById("notifications-page")) import("./notifications.js");
  else if (localStorage.getItem("desktop-notifications") === "on") import("./desktop.js");
}
addEventListener("storage", ({ key }) => key === "desktop-notifications" && import("./desktop.js"));
const soon = window.requestIdleCallback ?? ((run) => setTimeout(run, 500));
if (document.readyState === "complete") soon(whenIdle);
else addEventListener("load", () => soon(whenIdle));

// What is rare about folders is loaded when it is used: remembering which are open, and dragging.
const remember = (box) => import("./folders.js").then((m) => m.remember(box));
const isNews = (box) => box.matches("[data-folder]") && box.open !== "wasOpen" in box.dataset;
document.addEventListener(
  "toggle",
  ({ target }) => {
    if (!isNews(target)) return;
    toggled = true;
    // A list that was asked for meanwhile does not know of it, either.
    remember(target).then(() => (toggled = true));
  },
  true,
);
const drag = (row) => row && import("./drag.js").then((m) => m.start(row));
document.addEventListener("dragstart", ({ target }) => drag(target.closest?.(".conversation, .folder")));

// The list keeps its place from page to page.
const list = document.querySelector(".sidebar-scroll");
if (list) {
  list.scrollTop = Number(sessionStorage.getItem("sidebar")) || 0;
  addEventListener("pagehide", () => sessionStorage.setItem("sidebar", list.scrollTop));
}
