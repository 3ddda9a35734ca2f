// A preset that was chosen: an open chat is set up with it at once, a new one with its first message.
import { show } from "./picker.js";

// Asks through htmx, which shows what comes beside the answer, and what went wrong.
async function ask(method, address, values, target) {
  const source = document.getElementById("library");
  let done = false;
  const note = ({ detail }) => (done = detail.xhr.status === 200);
  source.addEventListener("htmx:afterRequest", note, { once: true });
  await window.htmx.ajax(method, address, { source, values, target, swap: "outerHTML" });
  return done;
}

export async function use(option, insert) {
  const { apply } = document.getElementById("library").dataset;
  const { id, use: address } = option.dataset;
  const done = apply
    ? await ask("POST", apply, { preset: id }, "#topbar")
    : await ask("GET", address, {}, "#composer-preset");
  if (!done) return;
  insert("");
  if (!apply) showChosen(id);
}

function showChosen(id) {
  const { label, provider, model, images, files, context, maxOutput } = document.querySelector(".preset-chip").dataset;
  show({ model, label, images, files, context, maxOutput });
  for (const each of document.querySelectorAll("[data-chosen]")) {
    each.textContent = each.dataset.chosen === "label" ? label : provider;
  }
  mark((query) => query.set("preset", id));
  document.getElementById("announcer").textContent = document.querySelector(".preset-chip").textContent;
}

// A page that is loaded again shows the same.
function mark(change) {
  const here = new URL(location.href);
  here.searchParams.delete("model");
  change(here.searchParams);
  history.replaceState(history.state, "", here);
}

// The model stays: it is chosen in the bar at the top.
export function run(link) {
  const { model } = document.getElementById("model-facts").dataset;
  link.closest(".preset-chip").remove();
  mark((query) => {
    query.delete("preset");
    query.set("model", model);
  });
  document.getElementById("composer").focus();
}
