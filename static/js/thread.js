// The thread when it changed elsewhere: in another tab, or while this page was not listening.

const MARGIN = 2;
let posts = 0;
let posting = 0;
let missed = null;
let asking = null;
let stale = false;

export function threadChanged(leaf, byLeaf = false) {
  // Another version was asked for: it stays until something is done with it.
  if (document.querySelector("#thread[data-other-version]")) return;
  missed = leaf;
  // What is deleted in another tab leaves a leaf that this page shows further up; of replies side
  // by side the leaf may be any, and stays the same when it is chosen elsewhere.
  const shown = document.querySelector("#composer-state [name=parent]")?.value;
  const open = !byLeaf && document.querySelector("#turns [data-comparison]");
  if (posting || !leaf || (shown === leaf && !open)) return;
  refetch();
}

// False when the thread must be left alone: somebody is editing in it.
export function refetch() {
  const thread = document.getElementById("thread");
  if (!thread || thread.querySelector("[data-edit-form]") || "otherVersion" in thread.dataset) return false;
  // It comes later: its answer would take the place that another is to go into.
  if (posting || asking === thread) return (stale = true);
  // As much of it as is on the page, or a reader of earlier messages would lose the place.
  const away = [...thread.querySelectorAll("[data-away]")].map(({ dataset }) => Number(dataset.away));
  const shown = away.reduce((sum, count) => sum + count, thread.querySelectorAll("article").length + MARGIN);
  const options = { source: thread, target: thread, swap: "outerHTML" };
  const before = posts;
  thread.addEventListener("htmx:beforeSwap", ({ target, detail }) => {
    // Nor may it undo what a form has done meanwhile.
    if (target !== thread || detail.requestConfig.verb !== "get" || (thread.isConnected && posts === before)) return;
    detail.shouldSwap = false;
    stale = true;
  });
  asking = thread;
  stale = false;
  window.htmx.ajax("GET", `${thread.dataset.page}?show=${shown}`, options).then(answered, answered);
  return true;
}

function answered() {
  asking = null;
  if (stale && !posting) refetch();
}

// An answer to this page's own form brings the change that the socket reports as well.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.requestConfig.verb !== "post") return;
  posting += 1;
  posts += 1;
  if (event.target.closest("#thread, #composer-form")) document.getElementById("thread")?.removeAttribute("data-other-version");
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.requestConfig.verb !== "post") return;
  posting = Math.max(0, posting - 1);
  setTimeout(() => {
    if (stale && !posting) refetch();
    else if (missed) threadChanged(missed, true);
  }, 50);
});
