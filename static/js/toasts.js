// Short messages at the top, and what went wrong between this page and the server.

const texts = document.getElementById("texts").dataset;

export function toast(text, link) {
  const copy = document.getElementById("toast-template").content.cloneNode(true);
  const shown = copy.querySelector("[data-toast]");
  copy.querySelector(".toast-text").textContent = text;
  if (link) {
    const anchor = copy.querySelector("a");
    Object.assign(anchor, { textContent: link.text, href: link.href, hidden: false });
  }
  const box = document.getElementById("toasts");
  const same = [...box.children].find((t) => t.querySelector(".toast-text").textContent === text);
  same?.remove();
  box.append(shown);
}

function trouble(name) {
  const here = location.pathname + location.search;
  const links = {
    signedOut: { text: texts.signIn, href: `/accounts/login/?next=${encodeURIComponent(here)}` },
    expired: { text: texts.reload, href: here },
    gone: { text: texts.reload, href: here },
  };
  toast(texts[name], links[name]);
}

const byStatus = { 401: "signedOut", 403: "expired", 404: "gone", 413: "tooLarge", 429: "tooMany" };

document.addEventListener("parley:trouble", (event) => trouble(event.detail));
document.addEventListener("htmx:responseError", (event) => {
  if (event.target.closest("[data-quiet]")) return;
  trouble(byStatus[event.detail.xhr.status] ?? "broken");
});
document.addEventListener("htmx:sendError", (event) => {
  if (!event.target.closest("[data-quiet]")) trouble("offline");
});
document.addEventListener("htmx:timeout", () => trouble("timeout"));

document.addEventListener("click", (event) => {
  if (event.target.closest('[data-action="dismiss"]')) event.target.closest("[data-toast]").remove();
});

// Good news leaves by itself, unless somebody is about to use it.
setInterval(() => {
  for (const shown of document.querySelectorAll("#toasts > [data-toast]:not(.toast-danger)")) {
    if (shown.matches(":hover, :focus-within")) continue;
    const age = Number(shown.dataset.age ?? 0) + 1;
    shown.dataset.age = age;
    if (age > 10) shown.remove();
  }
}, 1000);

export function announce(name) {
  const text = texts[name];
  if (!text) return;
  const announcer = document.getElementById("announcer");
  // Emptied first: the same words twice in a row would be read once.
  announcer.textContent = "";
  setTimeout(() => (announcer.textContent = text), 50);
}
