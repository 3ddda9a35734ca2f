// A reply as other programs paste it: its structure without this site's buttons, classes and ids.

const KEPT = new Set(
  "href src alt colspan rowspan start display xmlns type checked disabled".split(" "),
);
const DROPPED = "button, svg, annotation, .visually-hidden, [hidden]";

export function richText(message) {
  const copy = message.querySelector(".message-body").cloneNode(true);
  for (const element of copy.querySelectorAll(DROPPED)) element.remove();
  // Of a block of code its words stay; the bar above it and its colours are this page's.
  for (const box of copy.querySelectorAll(".code")) {
    const block = document.createElement("pre");
    const code = document.createElement("code");
    code.textContent = box.querySelector("pre").textContent;
    block.append(code);
    box.replaceWith(block);
  }
  for (const element of copy.querySelectorAll("*")) {
    for (const { name } of [...element.attributes]) if (!KEPT.has(name)) element.removeAttribute(name);
  }
  return copy.innerHTML;
}
