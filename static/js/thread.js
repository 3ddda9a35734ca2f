// The thread when it changed elsewhere: in another tab, or while this page was not listening.

const MARGIN = 2;
let posting = 0;
let missed = null;

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
  // As much of it as is on the page, or a reader of earlier messages would lose the place.
  const away = [...thread.querySelectorAll("[data-away]")].map(({ dataset }) => Number(dataset.away));
  const shown = away.reduce((sum, count) => sum + count, thread.querySelectorAll("article").length + MARGIN);
  window.htmx.ajax("GET", `${thread.dataset.page}?show=${shown}`, { source: thread, target: thread, swap: "outerHTML" });
  return true;
}

// An answer to this page's own form brings the change that the socket reports as well.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.requestConfig.verb !== "post") return;
  posting += 1;
  if (event.target.closest("#thread, #composer-form")) document.getElementById("thread")?.removeAttribute("data-other-version");
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.requestConfig.verb !== "post") return;
  posting = Math.max(0, posting - 1);
  if (missed) setTimeout(() => threadChanged(missed, true), 50);
});
