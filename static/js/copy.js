// Copying of code and of messages: as they were written, or with their look.
import { richText } from "./rich-text.js";
import { announce, toast } from "./toasts.js";

export async function run(button) {
  // A menu is closed by now: what says that it is done is the button under the message.
  const message = document.getElementById(button.dataset.for);
  const shown = message?.querySelector('[data-action="copy-message"]') ?? button;
  try {
    await write({ ...(message && { "text/html": richText(message) }), "text/plain": plain(shown) });
    flash(shown);
  } catch {
    toast(document.getElementById("texts").dataset.notCopied);
  }
}

function plain(button) {
  if (button.dataset.text) return button.dataset.text;
  return button.dataset.action === "copy-code" ? codeOf(button) : textOf(button.href);
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

// `kinds`: a text, or the promise of one, for each media type.
async function write(kinds) {
  if (navigator.clipboard?.write && window.ClipboardItem) {
    // Safari allows the clipboard only if asked within the click, so the text comes as a promise.
    const blob = async (type) => new Blob([await kinds[type]], { type });
    const item = Object.fromEntries(Object.keys(kinds).map((type) => [type, blob(type)]));
    return navigator.clipboard.write([new ClipboardItem(item)]);
  }
  // Over plain HTTP to another machine browsers give no clipboard object.
  const texts = Object.entries(kinds).map(async ([type, text]) => [type, await text]);
  const ready = await Promise.all(texts);
  const fill = (event) => {
    event.preventDefault();
    for (const [type, text] of ready) event.clipboardData.setData(type, text);
  };
  const area = document.createElement("textarea");
  area.value = Object.fromEntries(ready)["text/plain"];
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  document.addEventListener("copy", fill, { once: true });
  const done = document.execCommand("copy");
  document.removeEventListener("copy", fill);
  area.remove();
  if (!done) throw new Error("refused");
  return undefined;
}

function flash(button) {
  announce("copied");
  if (!button) return;
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
