// Pages without a conversation hear of what concerns their user by a socket of its own. A
// conversation's page hears of it by the conversation's.
import { Connection } from "./connection.js";

const tell = (detail) => document.dispatchEvent(new CustomEvent("parley:told", { detail }));

if (!document.querySelector("[data-socket]")) {
  const connection = new Connection("/ws/user/", {
    onmessage: tell,
    onopen: (again, hello) => tell({ ...hello, again }),
    ondown() {},
    onended: () => document.dispatchEvent(new CustomEvent("parley:trouble", { detail: "signedOut" })),
  });
  // A chat began on this page.
  document.addEventListener("parley:live", () => connection.close(), { once: true });
}
