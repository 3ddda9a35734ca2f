// Seconds until a provider may be asked again.
let timer = null;

function tick() {
  const waiting = document.querySelectorAll("[data-countdown]");
  for (const element of waiting) {
    const end = Date.parse(element.dataset.from) + Number(element.dataset.countdown) * 1000;
    const seconds = Math.ceil((end - Date.now()) / 1000);
    const { counting, countingLong, over } = element.dataset;
    const text = seconds > 100 ? countingLong.replace("%s", Math.ceil(seconds / 60)) : counting.replace("%s", seconds);
    element.textContent = seconds > 0 ? text : over;
    if (seconds <= 0) element.removeAttribute("data-countdown");
  }
  if (!document.querySelector("[data-countdown]")) {
    clearInterval(timer);
    timer = null;
  }
}

export function start() {
  timer ??= setInterval(tick, 1000);
  tick();
}
