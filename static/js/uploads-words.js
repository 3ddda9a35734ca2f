// What is said of uploads: refusals above the composer, the rest to screen readers.

export const texts = () => document.getElementById("upload-template").dataset;

const errors = () => document.getElementById("composer-errors");
let sentences = [];
let timer = null;

export function clear() {
  for (const line of errors().querySelectorAll(":not(.notice-waiting)")) line.remove();
}

export function complain(refusals, kind = "notice-danger") {
  for (const words of refusals) {
    const line = document.createElement("p");
    line.className = `notice ${kind} composer-error`;
    line.textContent = words;
    errors().append(line);
  }
}

// Several files at once are one announcement: a further one would cut it short.
export function say(words) {
  sentences.push(words);
  clearTimeout(timer);
  timer = setTimeout(() => {
    document.getElementById("announcer").textContent = sentences.join(" ");
    sentences = [];
  }, 300);
}
