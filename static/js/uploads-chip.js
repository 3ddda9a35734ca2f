// How a file stands in the composer until the server's own preview takes its place.
import { texts } from "./uploads-words.js";

const lang = document.documentElement.lang || undefined;
const percent = new Intl.NumberFormat(lang, { style: "percent" });
// As in chats/templatetags/files.py.
const SHORT = 28;
const ENDING = 12;

export function size(bytes) {
  const large = bytes >= 999_500;
  const digits = large || bytes < 9950 ? 1 : 0;
  const unit = large ? "megabyte" : "kilobyte";
  const options = { style: "unit", unit, minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(lang, options).format(large ? bytes / 1e6 : Math.max(0.1, bytes / 1e3));
}

export const nameOf = (chip) => chip.querySelector(".file-name")?.title ?? chip.querySelector("img").alt;

function label(button, words, name) {
  button.setAttribute("aria-label", words.replace("%s", () => name));
  button.title = button.getAttribute("aria-label");
}

// Adds it at the end; the caller moves it when it belongs elsewhere.
export function place(file) {
  const template = document.getElementById("upload-template");
  const chip = template.content.firstElementChild.cloneNode(true);
  const name = chip.querySelector(".file-name");
  const cut = file.name.length > SHORT ? file.name.length - ENDING : file.name.length;
  const parts = [file.name, file.name.slice(0, cut), file.name.slice(cut)];
  name.title = file.name;
  [...name.children].forEach((part, index) => (part.textContent = parts[index]));
  chip.querySelector(".file-size").textContent = size(file.size);
  chip.querySelector(".file-state").textContent = texts().queued;
  chip.querySelector("progress").setAttribute("aria-label", file.name);
  label(chip.querySelector(".file-remove"), texts().cancel, file.name);
  if (file.type.startsWith("image/")) picture(chip, file);
  document.getElementById("previews").append(chip);
  return chip;
}

function picture(chip, file) {
  const image = chip.querySelector("img");
  image.src = URL.createObjectURL(file);
  image.onload = () => {
    chip.classList.add("file-image");
    image.hidden = false;
    image.alt = file.name;
    URL.revokeObjectURL(image.src);
  };
  image.onerror = () => URL.revokeObjectURL(image.src);
}

export function progress(chip, share) {
  chip.querySelector("progress").value = 100 * share;
  chip.querySelector(".file-state").textContent = texts().progress.replace("%s", percent.format(share));
}

// The server's own preview takes its place, and the focus where it had that.
export function become(chip, html) {
  const list = chip.parentElement;
  const at = [...list.children].indexOf(chip);
  const focused = chip.contains(document.activeElement);
  chip.outerHTML = html;
  window.htmx.process(list);
  if (focused) list.children[at].querySelector(".file-remove").focus();
}

export function fail(chip, retry) {
  const again = chip.querySelector(".file-again");
  const name = nameOf(chip);
  chip.removeAttribute("aria-busy");
  chip.classList.remove("file-image");
  Object.assign(chip.querySelector("img"), { hidden: true, onload: null });
  chip.querySelector("progress").remove();
  const state = chip.querySelector(".file-state");
  state.dataset.state = "failed";
  state.textContent = texts().broken;
  label(again, texts().again, name);
  label(chip.querySelector(".file-remove"), texts().remove, name);
  again.hidden = false;
  again.onclick = retry;
  chip.scrollIntoView({ block: "nearest" });
}
