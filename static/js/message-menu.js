// The menu of a message: what is read aloud is offered only by browsers that have a voice.
import { run as open } from "./menu.js";

export const run = (link) => open(link, readAloud);

function readAloud(menu) {
  const entry = menu.querySelector('[data-action="read-aloud"]');
  if (entry) entry.hidden = !window.speechSynthesis?.getVoices().length;
}

// Chromium finds its voices after it was asked.
window.speechSynthesis?.getVoices();
window.speechSynthesis?.addEventListener("voiceschanged", () => {
  const menu = document.getElementById("message-menu");
  if (menu) readAloud(menu);
});
