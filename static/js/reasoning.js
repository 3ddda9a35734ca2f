// A live reply's reasoning: its text, and whether the model still thinks or how long it did.

export class Reasoning {
  constructor(element) {
    this.element = element;
    this.label = element.querySelector(".reasoning-label");
    this.text = element.querySelector(".reasoning-text");
  }

  // All of it. `milliseconds` are known once it is over.
  show(text, { over, milliseconds }) {
    this.text.textContent = text;
    this.element.hidden = !text;
    this.name(over, milliseconds);
  }

  add(text) {
    this.text.append(text);
    this.element.hidden = false;
  }

  name(over, milliseconds) {
    this.element.toggleAttribute("data-thinking", !over);
    const words = this.words(over, milliseconds);
    if (this.label.textContent !== words) this.label.textContent = words;
  }

  words(over, milliseconds) {
    const texts = this.element.dataset;
    if (!over) return texts.now;
    if (milliseconds === undefined) return texts.plain;
    if (milliseconds < 1000) return texts.briefly;
    const seconds = Math.floor((milliseconds + 500) / 1000);
    if (seconds < 60) return texts.seconds.replace("%s", seconds);
    return texts.minutes.replace("%1", Math.floor(seconds / 60)).replace("%2", seconds % 60);
  }
}

// What somebody unfolded stays so when the server's version takes its place.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  for (const { id } of detail.target.querySelectorAll(".reasoning[open], .part[open]")) {
    detail.serverResponse = detail.serverResponse.replace(`id="${id}"`, `id="${id}" open`);
  }
});
