// Images into the composer: each is sent at once and stands there as a preview.
import { refusesImages } from "./context.js";

const csrf = () => document.querySelector("#composer-form [name=csrfmiddlewaretoken]").value;

export async function add(files) {
  const errors = document.getElementById("composer-errors");
  errors.replaceChildren();
  if (refusesImages()) return;
  await Promise.all(files.map(send));
}

async function send(file) {
  const address = document.querySelector("[data-upload]").dataset.upload;
  const place = document.createElement("li");
  place.className = "preview";
  place.dataset.uploading = file.name;
  place.setAttribute("aria-busy", "true");
  document.getElementById("previews").append(place);
  const body = new FormData();
  body.append("image", file);
  try {
    const headers = { "X-CSRFToken": csrf(), "HX-Request": "true" };
    const answer = await fetch(address, { method: "POST", body, headers });
    await show(answer, place);
  } catch {
    place.remove();
    complain("offline");
  }
}

async function show(answer, place) {
  if (answer.ok) {
    place.outerHTML = await answer.text();
    window.htmx.process(document.getElementById("previews"));
    document.dispatchEvent(new Event("parley:uploaded"));
    return;
  }
  place.remove();
  if (answer.status === 422) {
    document.getElementById("composer-errors").outerHTML = await answer.text();
    return;
  }
  complain({ 401: "signedOut", 403: "expired", 413: "tooLarge" }[answer.status] ?? "broken");
}

function complain(name) {
  document.dispatchEvent(new CustomEvent("parley:trouble", { detail: name }));
}
