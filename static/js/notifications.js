// What the user is told: the bell's count, its panel, toasts. Loaded when there is something to say.
import { offer, prepare } from "./desktop.js";

const bell = () => document.getElementById("bell");
const panel = () => document.getElementById("notifications");
const JITTER = 3000;

// What a page shows is no news there.
const isShown = (subject) => {
  const id = document.getElementById("thread")?.dataset.page?.split("/")[2];
  return Boolean(id) && [`conversation:${id}`, `shared:/c/${id}/`].includes(subject) && !document.hidden;
};

export function take(told) {
  if ("n" in told) count(told.n);
  if (told.t === "notification") notify(told);
  if (told.t === "read") readElsewhere(told);
  // Everybody is told at the same moment: not everybody asks at the same moment.
  if (told.t === "announcement" || told.again) setTimeout(banner, told.again ? 0 : Math.random() * JITTER);
  if (told.t === "notification" || told.t === "read" || told.again) refreshList();
}

function notify(told) {
  if (isShown(told.subject)) return document.dispatchEvent(new Event("parley:seen"));
  if (document.hidden) return offer(told);
  const box = document.getElementById("toasts");
  document.getElementById(`toast-${told.id}`)?.remove();
  window.htmx.ajax("GET", `/notifications/${told.id}/toast/`, { source: box, target: box, swap: "beforeend" });
}

function readElsewhere({ announcement, n }) {
  const shown = document.querySelector("[data-announcement]");
  if (shown && (String(announcement) === shown.dataset.announcement || !n)) banner();
}

// What is just being answered brings the news along, and needs its place on the page.
const isAsking = (part) => Boolean(part.querySelector(".htmx-request"));

function banner() {
  const target = document.getElementById("announcements");
  if (!isAsking(target)) window.htmx.ajax("GET", "/notifications/banner/", { source: target, target, swap: "innerHTML" });
}

// A list that is open stays as it is while somebody uses it.
function refreshList() {
  const list = document.getElementById("notification-items");
  if (!list || isAsking(list) || list.matches(":hover, :focus-within") || (panel().contains(list) && !panel().matches(":popover-open"))) return;
  window.htmx.ajax("GET", "/notifications/", { source: list, target: list, swap: "innerHTML" });
}

function count(unread) {
  const badge = document.getElementById("unread-count");
  badge.hidden = !unread;
  badge.querySelector("[data-count]").textContent = unread;
  inTitle();
}

// Tabs are told apart by their titles, whoever changes these.
const title = document.querySelector("title");
function inTitle() {
  const unread = Number(document.querySelector("#unread-count:not([hidden]) [data-count]")?.textContent);
  const bare = document.title.replace(/^\(\d+\) /, "");
  const wanted = unread ? `(${unread}) ${bare}` : bare;
  if (document.title !== wanted) document.title = wanted;
}
new MutationObserver(inTitle).observe(title, { childList: true });
document.addEventListener("htmx:oobAfterSwap", inTitle);
inTitle();

export async function run(link) {
  if (document.getElementById("notifications-page")) return refreshList();
  if (dismissed) return (dismissed = false);
  await window.htmx.ajax("GET", link.href, { source: link, target: panel(), swap: "innerHTML" });
  if (!panel().childElementCount) return;
  link.setAttribute("aria-controls", panel().id);
  prepare();
  panel().showPopover();
  panel().querySelector("a, button").focus({ focusVisible: link.matches(":focus-visible") });
}

// With what is unread the button goes: the focus stays in the list.
document.addEventListener("htmx:afterRequest", ({ detail: { requestConfig } }) => {
  if (requestConfig.elt.matches(".notifications-all")) document.querySelector("#notification-items a")?.focus();
});

// A click on the bell closes its panel before it is heard of here.
let dismissed = false;
document.addEventListener(
  "pointerdown",
  ({ target }) => (dismissed = Boolean(bell()?.contains(target) && panel()?.matches(":popover-open"))),
  true,
);
document.addEventListener(
  "toggle",
  ({ target, newState }) => {
    if (target === panel()) bell().setAttribute("aria-expanded", String(newState === "open"));
  },
  true,
);
prepare();
