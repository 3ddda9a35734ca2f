// Short messages at the top, and what went wrong between this page and the server.

import { isTemporary } from "./composer.js";

const texts = document.getElementById("texts").dataset;

export function toast(text, link) {
  const copy = document.getElementById("toast-template").content.cloneNode(true);
  const shown = copy.querySelector("[data-toast]");
  copy.querySelector(".toast-text").textContent = text;
  if (link) {
    const anchor = copy.querySelector("a");
    const { text: textContent, ...rest } = link;
    Object.assign(anchor, { textContent, hidden: false, ...rest });
  }
  const box = document.getElementById("toasts");
  const same = [...box.children].find((t) => t.querySelector(".toast-text").textContent === text);
  same?.remove();
  box.append(shown);
  return shown;
}

// What the connection was to blame for is over once it is back.
const passing = new Set(["notLoaded", "offline", "timeout"]);
for (const [target, name] of [[window, "online"], [document, "parley:reached"]]) {
  target.addEventListener(name, () => {
    for (const shown of document.querySelectorAll("#toasts > [data-passing]")) shown.remove();
  });
}

function trouble(name) {
  const here = location.pathname + location.search;
  const signIn = (next) => `/accounts/login/?next=${encodeURIComponent(next)}`;
  // What is typed in a temporary chat stands on its page alone, which therefore stays.
  const beside = { href: signIn("/"), target: "_blank", rel: "noopener" };
  const links = {
    signedOut: { text: texts.signIn, ...(isTemporary() ? beside : { href: signIn(here) }) },
    expired: { text: texts.reload, href: here },
    gone: { text: texts.reload, href: here },
    somebodyElse: { text: texts.reload, href: here },
  };
  const shown = toast((isTemporary() && texts[`${name}Here`]) || texts[name], links[name]);
  if (passing.has(name)) shown.dataset.passing = "";
}

const byStatus = { 401: "signedOut", 403: "expired", 404: "gone", 413: "tooLarge", 429: "tooMany" };

// The page's token is not the server's any more: with the new one it goes on where it was.
let renewed = 0;
async function renew(again) {
  const isNew = Date.now() - renewed > 10_000;
  renewed = Date.now();
  const { renew: ask } = await import("./token.js").catch(() => ({}));
  const result = isNew ? ((await ask?.()) ?? "offline") : "expired";
  if (result !== "fresh") return trouble(result);
  document.dispatchEvent(new Event("parley:renewed"));
  again?.();
}

function retry({ elt, verb }) {
  if (verb === "get") return trouble("expired");
  if (elt.matches("form")) elt.requestSubmit();
  else elt.click();
}

document.addEventListener("parley:trouble", ({ detail }) => {
  if (detail === "stale") renew();
  else if (detail === "expired") renew(() => toast(texts.renewed));
  else trouble(detail);
});
document.addEventListener("htmx:responseError", ({ target, detail: { xhr, requestConfig } }) => {
  if (target.closest("[data-quiet]") || isKept(target, xhr)) return;
  if (xhr.status === 403) return renew(() => retry(requestConfig));
  trouble(byStatus[xhr.status] ?? "broken");
});
// What the outbox sends again needs no words here.
const isKept = (target, xhr) => target.id === "composer-form" && (!xhr.status || xhr.status > 500);
for (const [name, words] of [["sendError", "offline"], ["timeout", "timeout"], ["swapError", "broken"]]) {
  document.addEventListener(`htmx:${name}`, ({ target, detail: { xhr } }) => {
    if (!target.closest("[data-quiet]") && !isKept(target, xhr)) trouble(words);
  });
}

document.addEventListener("click", ({ target }) => {
  if (target.closest('[data-action="dismiss"]')) target.closest("[data-toast]").remove();
});

// What they need while they are shown comes with the first one.
const place = () => import("./toasts-shown.js").then((shown) => shown.place(), () => null);
new MutationObserver(place).observe(document.getElementById("toasts"), { childList: true });
if (document.querySelector("#toasts > [data-toast]")) place();

export function announce(name) {
  const text = texts[name];
  if (!text) return;
  const announcer = document.getElementById("announcer");
  // Emptied first: the same words twice in a row would be read once.
  announcer.textContent = "";
  setTimeout(() => (announcer.textContent = text), 50);
}
