// A conversation's page while it is open: one socket, its live replies, the thread's changes.
import { Connection } from "./connection.js";
import { poll, stopPolling } from "./polling.js";
import { reached, suspect } from "./reach.js";
import { watch } from "./scroll.js";
import { LiveReply } from "./stream.js";
import { refetch, threadChanged } from "./thread.js";
import { announce } from "./toasts.js";

const LIVE = '[data-status="pending"][data-message], [data-status="streaming"][data-message]';
let connection = null;
let path = null;
let replies = new Map();

function connect(to) {
  if (to === path) return;
  connection?.close();
  path = to;
  document.dispatchEvent(new Event("parley:live"));
  connection = new Connection(path, { onmessage, onopen, onlost: suspect, ondown: poll, onended });
}

export function open(thread) {
  connect(thread.dataset.socket);
  if (!thread.dataset.watched) {
    thread.dataset.watched = "yes";
    watch(thread);
  }
  if (thread.querySelector(".stretch")) import("./stretches.js").then((far) => far.keepNear(thread), () => null);
  watchReplies();
}

// Whoever looks at an end has seen it; a page that is hidden says so once it is looked at.
let unseen = false;
function seen() {
  unseen = document.hidden;
  if (!unseen) connection?.send({ seen: true });
}
document.addEventListener("parley:seen", seen);
document.addEventListener("visibilitychange", () => unseen && seen());

const tell = (detail) => document.dispatchEvent(new CustomEvent("parley:told", { detail }));

// A chat that is being deleted has nothing more to say to its page.
document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (!path || detail.requestConfig.path !== `${path.slice("/ws".length)}delete/`) return;
  connection.close();
  connection = path = null;
  replies.clear();
});

function watchReplies() {
  for (const article of document.querySelectorAll(LIVE)) {
    if (replies.get(article.dataset.message)?.article === article) continue;
    replies.set(article.dataset.message, new LiveReply(article));
    connection.send({ watch: article.dataset.message });
  }
  for (const [id, reply] of replies) if (!reply.article.isConnected) replies.delete(id);
}

// Between the page and its socket the thread may have changed without a word.
function onopen(again, { leaf, unread, n }) {
  stopPolling();
  tell({ t: "hello", n, again });
  if (unread) seen();
  reached();
  // A thread that comes anew asks for its live replies by itself.
  if (again && refetch()) return replies.clear();
  if (!again) threadChanged(leaf, true);
  for (const id of replies.keys()) connection.send({ watch: id });
}

function onended(code) {
  // The list may have come no more.
  if (code === 4410) tell({ t: "sidebar" });
  if (code === 4410) return import("./people.js").then((people) => people.removed(), () => null);
  poll();
  document.dispatchEvent(new CustomEvent("parley:trouble", { detail: code === 4401 ? "signedOut" : "gone" }));
}

function onmessage(data) {
  const reply = replies.get(data.m);
  if (data.t === "end") seen();
  if (data.t === "snapshot") reply?.snapshot(data);
  else if (data.t === "frame" && reply && !reply.frame(data)) resync(reply);
  else if (data.t === "notice") reply?.notice.show(data);
  else if (data.t === "end" && reply) end(reply, data);
  else if (data.t === "gone" && reply) forget(reply);
  else if (data.t === "thread") threadChanged(data.leaf);
  else if (["here", "typing", "people"].includes(data.t)) import("./people.js").then((people) => people.take(data, connection), () => null);
  else if (["sidebar", "unread", "notification", "read", "announcement"].includes(data.t)) tell(data);
}

// A reply that was deleted: what still comes of it has no place.
function forget(reply) {
  replies.delete(reply.id);
  reply.article.dataset.status = "stopped";
}

function resync(reply) {
  if (reply.asked && Date.now() - reply.asked < 500) return;
  reply.asked = Date.now();
  connection.send({ watch: reply.id });
}

function end(reply, data) {
  replies.delete(reply.id);
  reply.notice.hide();
  const whole = reply.number !== null && (data.n === null || data.n <= reply.number + 1);
  const { article } = reply;
  article.dataset.status = data.status;
  announce(data.status);
  // Frames that never came are in the article as the server has it.
  const target = whole && data.n !== null ? article.querySelector(".message-footer") : article;
  const source = whole && data.n !== null ? article.dataset.footer : article.dataset.poll;
  window.htmx.ajax("GET", source, { source: article, target, swap: "outerHTML" });
}

// A new chat's socket opens while its page is put in place: the reply may have begun already.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const pushed = detail.xhr.getResponseHeader("HX-Push-Url");
  if (pushed?.startsWith("/c/")) connect(`/ws${pushed}`);
});
