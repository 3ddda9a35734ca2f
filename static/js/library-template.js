// A template that was chosen: its variables are asked for in a dialog, and its text is inserted.

const trouble = (name) => document.dispatchEvent(new CustomEvent("parley:trouble", { detail: name }));
const byStatus = { 401: "signedOut", 403: "expired", 404: "gone", 413: "tooLarge", 429: "tooMany" };
const dialog = () => document.getElementById("template-dialog");

// The text where there is one, else the markup of a form.
async function ask(address, body) {
  const method = body ? "POST" : "GET";
  const answer = await fetch(address, { method, body, headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer || !(answer.ok || answer.status === 422)) {
    trouble(answer ? (byStatus[answer.status] ?? "broken") : "offline");
    return {};
  }
  const said = await answer.text();
  return answer.headers.get("Content-Type").startsWith("text/plain") ? { text: said } : { html: said };
}

export async function use(option, insert) {
  const { text, html } = await ask(option.dataset.use);
  if (text !== undefined) insert(text);
  else if (html) open(html, insert);
}

function open(html, insert) {
  document.body.insertAdjacentHTML("beforeend", html);
  const opened = dialog();
  opened.addEventListener("close", () => {
    opened.remove();
    document.getElementById("composer")?.focus();
  });
  opened.addEventListener("click", ({ target }) => {
    if (target.closest('[data-action="close-template"]')) opened.close();
  });
  opened.addEventListener("submit", (event) => {
    event.preventDefault();
    send(event.target, insert);
  });
  opened.showModal();
  first(opened.querySelector("form")).focus();
}

// What is wrong comes first.
const first = (form) => form.querySelector('[aria-invalid="true"]') ?? form.querySelector("input:not([type=hidden]), select, textarea");

async function send(form, insert) {
  const button = form.querySelector('[type="submit"]');
  if (button.ariaBusy === "true") return;
  button.ariaBusy = "true";
  const { text, html } = await ask(form.action, new FormData(form));
  button.ariaBusy = null;
  if (!form.isConnected) return;
  if (text !== undefined) {
    dialog().close();
    insert(text);
  } else if (html) {
    const parsed = new DOMParser().parseFromString(html, "text/html");
    form.replaceWith(document.adoptNode(parsed.querySelector("form")));
    first(dialog().querySelector("form")).focus();
  }
}
