// Where sockets are blocked: asks for each live reply once a second, until it has ended.

const LIVE = '[data-status="pending"][data-poll], [data-status="streaming"][data-poll]';
let timer = null;

export function poll() {
  timer ??= setInterval(ask, 1000);
}

export function stopPolling() {
  clearInterval(timer);
  timer = null;
}

function ask() {
  if (document.hidden) return;
  for (const article of document.querySelectorAll(LIVE)) {
    if (article.dataset.asking) continue;
    article.dataset.asking = "yes";
    article.dataset.quiet = "yes";
    const again = () => delete article.dataset.asking;
    window.htmx.ajax("GET", article.dataset.poll, { source: article, target: article, swap: "outerHTML" }).then(again, again);
  }
}
