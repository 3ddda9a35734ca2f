// What a reply is waiting for, with the seconds that are left. Gone with its first words.

const texts = document.getElementById("texts").dataset;

export class Notice {
  constructor(element) {
    this.element = element;
  }

  show({ kind, text, seconds = 0 }) {
    this.hide();
    if (!this.element || !text) return;
    const end = Date.now() + seconds * 1000;
    const tick = () => {
      const left = Math.ceil((end - Date.now()) / 1000);
      const again = left > 0 ? texts.retryingIn.replace("%s", left) : texts.retrying;
      this.element.textContent = kind === "retrying" ? `${text} ${again}` : text;
      this.element.hidden = false;
      if (left > 0) this.timer = setTimeout(tick, 500);
    };
    tick();
  }

  hide() {
    clearTimeout(this.timer);
    if (this.element) this.element.hidden = true;
  }
}
