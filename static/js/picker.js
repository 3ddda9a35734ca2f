// The model picker: a searchable list over the page's plain <select>, which stays the truth.

const dialog = () => document.getElementById("model-dialog");
const search = () => document.getElementById("model-search");
const list = () => document.getElementById("model-options");
const select = () => document.querySelector("[data-models]");
const options = () => [...list().querySelectorAll('[role="option"]:not([hidden])')];

export function run() {
  build();
  search().value = "";
  filter("");
  dialog().showModal();
  search().focus();
}

function build() {
  list().replaceChildren(...[...select().querySelectorAll("optgroup")].map(group));
  if (dialog().dataset.ready) return;
  dialog().dataset.ready = "yes";
  search().addEventListener("input", () => filter(search().value));
  search().addEventListener("keydown", key);
  list().addEventListener("click", (event) => choose(event.target.closest('[role="option"]')));
}

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function group(source, index) {
  const made = element("div", "picker-group");
  made.setAttribute("role", "group");
  const label = element("div", "menu-label", source.label);
  label.id = `picker-group-${index}`;
  made.setAttribute("aria-labelledby", label.id);
  made.append(label);
  if (source.dataset.error) made.append(element("p", "picker-error", source.dataset.error));
  [...source.querySelectorAll("option:not([disabled])")].forEach((o, n) => made.append(option(o, `${index}-${n}`)));
  return made;
}

function option(source, id) {
  const made = element("div", "menu-item picker-option");
  made.id = `picker-option-${id}`;
  made.setAttribute("role", "option");
  made.setAttribute("aria-selected", source.selected);
  made.dataset.value = source.value;
  made.dataset.search = `${source.value} ${source.text}`.toLowerCase();
  made.append(element("span", "picker-name", source.text));
  const size = Number(source.dataset.context);
  if (size) made.append(element("span", "picker-note", `${Math.round(size / 1000)}k`));
  return made;
}

function filter(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  for (const item of list().querySelectorAll('[role="option"]')) {
    item.hidden = !words.every((word) => item.dataset.search.includes(word));
  }
  for (const box of list().children) {
    box.hidden = words.length > 0 && !box.querySelector('[role="option"]:not([hidden])');
  }
  list().dataset.empty = options().length ? "" : document.getElementById("texts").dataset.noModel;
  activate(options().find((o) => o.ariaSelected === "true") ?? options()[0]);
}

function activate(item) {
  list().querySelector("[data-active]")?.removeAttribute("data-active");
  item?.setAttribute("data-active", "");
  search().setAttribute("aria-activedescendant", item?.id ?? "");
  item?.scrollIntoView({ block: "nearest" });
}

function key(event) {
  const shown = options();
  const at = shown.findIndex((o) => o.hasAttribute("data-active"));
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 8, PageUp: at - 8 }[event.key];
  if (to !== undefined) activate(shown[Math.max(0, Math.min(shown.length - 1, to))]);
  else if (event.key === "Enter" && !event.isComposing) choose(shown[at]);
  else return;
  event.preventDefault();
}

function choose(item) {
  if (!item) return;
  dialog().close();
  select().value = item.dataset.value;
  document.querySelector("[data-model-label]").textContent = item.dataset.value.replace(/^[^/]*\//, "");
  select().dispatchEvent(new Event("change", { bubbles: true }));
}
