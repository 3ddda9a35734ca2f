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
    const again = () => {
      delete article.dataset.asking;
      if (!document.getElementById(article.id)?.matches(LIVE)) saw();
    };
    window.htmx.ajax("GET", article.dataset.poll, { source: article, target: article, swap: "outerHTML" }).then(again, again);
  }
}

// Without a socket the server would take an end that somebody looks at for one that nobody saw.
function saw() {
  const thread = document.getElementById("thread");
  if (thread) window.htmx.ajax("POST", `${thread.dataset.page}seen/`, { source: thread, swap: "none" });
}
