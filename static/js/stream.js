// Puts a live reply's snapshots and frames into its article. See docs/architecture.md.
import { Notice } from "./notice.js";
import { Reasoning } from "./reasoning.js";

export class LiveReply {
  constructor(article) {
    this.id = article.dataset.message;
    this.article = article;
    this.body = article.querySelector(".message-body");
    this.reasoning = new Reasoning(article.querySelector(".reasoning"));
    this.notice = new Notice(article.querySelector(".message-notice"));
    this.number = null;
    this.stack = [];
    this.tail = "";
    this.tailNodes = [];
    // An answer that comes when the thread was fetched anew has no page to go into.
    article.addEventListener("htmx:beforeSwap", (event) => {
      if (!article.isConnected) event.detail.shouldSwap = false;
    });
  }

  get container() {
    return this.stack.at(-1) ?? this.body;
  }

  snapshot(data) {
    this.number = data.n;
    this.notice.hide();
    this.body.innerHTML = data.html;
    this.stack = [...this.body.querySelectorAll("[data-open]")];
    this.tailNodes = [];
    this.showTail(data.tail ?? "");
    const over = data.rt !== undefined || Boolean(data.html || data.tail);
    this.reasoning.show(data.reasoning ?? "", { over, milliseconds: data.rt });
    if (data.html || data.tail || data.reasoning) this.writing();
  }

  // False when frames are missing between the last one and this.
  frame(data) {
    if (this.number === null || data.n > this.number + 1) return false;
    if (data.n <= this.number) return true;
    this.number = data.n;
    this.notice.hide();
    this.writing();
    if (data.ops || data.s !== undefined) {
      this.dropTail();
      for (const [kind, html] of data.ops ?? []) this.apply(kind, html);
      this.showTail(data.s === undefined ? this.tail : this.tail.slice(0, data.k ?? 0) + data.s);
    }
    if (data.r) this.reasoning.add(data.r);
    if (data.rt !== undefined) this.reasoning.name(true, data.rt);
    return true;
  }

  apply(kind, html) {
    if (kind === "<") {
      this.stack.pop()?.removeAttribute("data-open");
      return;
    }
    if (kind === "=") {
      this.stack = [];
      this.body.innerHTML = html;
      return;
    }
    const added = this.append(html);
    if (kind !== ">") return;
    for (const node of added) {
      const open = node.matches?.("[data-open]") ? node : node.querySelector?.("[data-open]");
      if (open) this.stack.push(open);
    }
  }

  append(html) {
    const parent = this.container;
    const before = parent.lastChild;
    parent.insertAdjacentHTML("beforeend", html);
    const added = [];
    for (let node = before ? before.nextSibling : parent.firstChild; node; node = node.nextSibling) {
      added.push(node);
    }
    return added;
  }

  dropTail() {
    for (const node of this.tailNodes) node.remove();
    this.tailNodes = [];
  }

  showTail(html) {
    this.tail = html;
    this.tailNodes = html ? this.append(html) : [];
  }

  writing() {
    if (this.article.dataset.status === "pending") this.article.dataset.status = "streaming";
  }
}
