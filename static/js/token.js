// The token that forms carry: another one counts after somebody signed in in another tab.

// "fresh", or what is in the way: "signedOut", "somebodyElse", "broken".
export async function renew() {
  const answer = await fetch("/", { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok) return "offline";
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const { person } = page.body.dataset;
  if (!person) return "signedOut";
  if (person !== document.body.dataset.person) return "somebodyElse";
  const headers = page.body.getAttribute("hx-headers");
  document.body.setAttribute("hx-headers", headers);
  const token = JSON.parse(headers)["X-CSRFToken"];
  for (const input of document.querySelectorAll("[name=csrfmiddlewaretoken]")) input.value = token;
  return "fresh";
}
