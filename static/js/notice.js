// What a reply is waiting for, with the seconds that are left. Gone with its first words.

export class Notice {
  constructor(element) {
    this.element = element;
  }

  show({ text, seconds = 0 }) {
    this.hide();
    if (!this.element) return;
    const end = Date.now() + seconds * 1000;
    const tick = () => {
      const left = Math.ceil((end - Date.now()) / 1000);
      this.element.textContent = left > 0 ? `${text} (${left} s)` : text;
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
