// A message that is sent while its files are still on their way: it goes off when they are there,
// unless somebody goes on writing it.
import { nameOf } from "./uploads-chip.js";
import { clear, complain, texts } from "./uploads-words.js";

const unfinished = () => [...document.querySelectorAll("#previews [data-uploading]")];
const broken = () => unfinished().find((chip) => !chip.ariaBusy);
let wanted = false;

function stop() {
  wanted = false;
  document.querySelector("#composer-errors .notice-waiting")?.remove();
}

function block(chip) {
  stop();
  clear();
  complain([texts().blocked.replace("%s", () => nameOf(chip))]);
}

document.addEventListener("parley:waiting", () => {
  if (broken()) return block(broken());
  stop();
  clear();
  wanted = true;
  complain([texts().later], "notice-waiting");
});

document.addEventListener("parley:uploaded", () => {
  if (!wanted) return;
  if (broken()) return block(broken());
  if (unfinished().length) return;
  stop();
  // A file that was refused is something to decide on first.
  const refused = document.querySelector("#composer-errors .notice-danger");
  if (!refused) document.getElementById("composer-form").requestSubmit();
});

document.addEventListener("input", ({ target }) => {
  if (target.id === "composer" && wanted) stop();
});
