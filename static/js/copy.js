// Copying of code and of messages as they were written.
import { announce, toast } from "./toasts.js";

export async function run(button) {
  const text =
    button.dataset.action === "copy-code" ? Promise.resolve(codeOf(button)) : textOf(button.href);
  try {
    await write(text);
    flash(button);
  } catch {
    toast(document.getElementById("texts").dataset.notCopied);
  }
}

function codeOf(button) {
  const box = button.closest(".code");
  return box.querySelector("pre").textContent;
}

async function textOf(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.text();
}

async function write(text) {
  if (navigator.clipboard?.write && window.ClipboardItem) {
    // Safari allows the clipboard only if asked within the click, so the text comes as a promise.
    const blob = text.then((t) => new Blob([t], { type: "text/plain" }));
    return navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
  }
  // Over plain HTTP to another machine browsers give no clipboard object.
  const area = document.createElement("textarea");
  area.value = await text;
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("refused");
  return undefined;
}

function flash(button) {
  announce("copied");
  const use = button.querySelector("use");
  button.dataset.copied = "yes";
  if (use && !use.dataset.href) {
    use.dataset.href = use.getAttribute("href");
    use.setAttribute("href", use.dataset.href.replace(/#.*/, "#check"));
  }
  setTimeout(() => {
    delete button.dataset.copied;
    if (!use) return;
    use.setAttribute("href", use.dataset.href);
    delete use.dataset.href;
  }, 1500);
}
