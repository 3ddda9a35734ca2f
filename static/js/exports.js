// How far a download is, which the browser itself cannot tell: it does not know the size.

// Also without a secure address, where crypto.randomUUID is not to be had.
function freshId() {
  const bytes = [...crypto.getRandomValues(new Uint8Array(16))];
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

const SECOND = 1000;
// The download may have to wait for its turn before anything is known of it.
const PATIENCE = 15;

async function follow(address, place) {
  let unknown = 0;
  let isRunning = true;
  while (isRunning && unknown < PATIENCE) {
    await new Promise((resolve) => setTimeout(resolve, SECOND));
    const answer = await fetch(address).catch(() => null);
    if (!place.isConnected) return;
    if (answer?.ok && !answer.redirected) {
      place.innerHTML = await answer.text();
      isRunning = Boolean(place.querySelector("[data-running]"));
      // Counting aloud would talk over everything else.
      place.setAttribute("aria-live", isRunning ? "off" : "polite");
    } else {
      unknown += 1;
    }
  }
}

document.addEventListener("submit", ({ target }) => {
  if (!target.matches("form[data-export]")) return;
  const input = target.elements.transfer;
  input.value = freshId();
  const place = document.createElement("div");
  target.querySelector("[data-export-progress]").replaceChildren(place);
  follow(input.dataset.progress.replace(/[0-9a-f-]{36}/, input.value), place);
});
