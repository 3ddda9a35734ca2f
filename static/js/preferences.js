// General settings: what a change of one control shows at once. htmx saves it.
// `root.dataset` is what the server writes as attributes of <html>; see base_root.html.

const form = document.querySelector("[data-saves-itself]");
const root = document.documentElement;
const shown = { theme: ["theme", "system"], text_size: ["textSize", "normal"], send_key: ["sendKey", "enter"] };

function show(name, value) {
  const [attribute, usual] = shown[name];
  if (value === usual) delete root.dataset[attribute];
  else root.dataset[attribute] = value;
  if (name === "send_key") showKeys(value === "mod-enter");
}

function key(name) {
  const element = document.createElement("kbd");
  element.textContent = name;
  return element;
}

function showKeys(withCtrl) {
  const line = (where, before) =>
    document.querySelector(`[data-key="${where}"]`).replaceChildren(...(before ? [key(before), " "] : []), key("Enter"));
  line("send", withCtrl && "Ctrl");
  line("line", !withCtrl && "Shift");
}

form.addEventListener("change", ({ target }) => {
  if (target.name in shown) show(target.name, target.value);
});

// A change has saved what Enter would send once more, as a whole.
form.addEventListener("submit", (event) => {
  event.preventDefault();
  document.activeElement.blur();
});

form.addEventListener("htmx:beforeRequest", ({ target }) => {
  for (const status of form.querySelectorAll(".field-status")) if (!target.contains(status)) status.replaceChildren();
});

form.addEventListener("htmx:afterSwap", ({ target }) => {
  const wrong = target.querySelector(".errorlist") !== null;
  for (const input of target.closest(".field").querySelectorAll("input, select")) {
    if (wrong) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }
});

// Signed out, or the page is too old: a reload leads to the right place.
form.addEventListener("htmx:responseError", () => location.reload());

for (const problem of ["sendError", "timeout"]) {
  form.addEventListener(`htmx:${problem}`, ({ detail }) => {
    const line = document.createElement("p");
    line.className = "field-error";
    line.textContent = form.dataset.notSaved;
    detail.elt.querySelector(".field-status").replaceChildren(line);
  });
}
