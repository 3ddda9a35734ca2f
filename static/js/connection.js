// One websocket that comes back by itself.

const ENDED = new Set([4401, 4404, 4410]);
const MAX_WAIT = 15_000;
const ALIVE_AFTER = 5_000;

export class Connection {
  // `onopen(again, hello)` once the server has said hello, `onlost()` whenever the socket broke,
  // `ondown()` when it cannot be reached,
  // `onended(code)` when there is no point in coming back.
  constructor(path, handlers) {
    this.url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`;
    this.handlers = handlers;
    this.failures = 0;
    this.opened = false;
    this.retry = () => {
      if (!this.socket && !this.closed) this.connect();
    };
    addEventListener("online", this.retry);
    this.connect();
  }

  connect() {
    clearTimeout(this.timer);
    this.ready = false;
    const socket = new WebSocket(this.url);
    this.socket = socket;
    // A proxy that swallows the upgrade leaves it hanging for a minute. Once is enough to know.
    const hanging = setTimeout(() => {
      this.handlers.ondown();
      socket.close();
    }, ALIVE_AFTER);
    socket.onmessage = (event) => {
      const data = JSON.parse(event.data);
      if (!this.ready) {
        clearTimeout(hanging);
        this.greet(data);
        return;
      }
      this.handlers.onmessage(data);
    };
    socket.onclose = (event) => {
      clearTimeout(hanging);
      this.socket = null;
      if (!this.closed) this.lost(event.code);
    };
  }

  greet(hello) {
    this.ready = true;
    this.failures = 0;
    this.handlers.onopen(this.opened, hello);
    this.opened = true;
  }

  lost(code) {
    this.ready = false;
    if (ENDED.has(code)) {
      this.close();
      this.handlers.onended(code);
      return;
    }
    this.failures += 1;
    this.handlers.onlost?.();
    if (this.failures >= 2) this.handlers.ondown();
    const wait = Math.min(MAX_WAIT, 250 * 2 ** this.failures) * (0.5 + Math.random() / 2);
    this.timer = setTimeout(this.retry, wait);
  }

  send(data) {
    if (this.ready) this.socket.send(JSON.stringify(data));
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    removeEventListener("online", this.retry);
    this.socket?.close();
  }
}
