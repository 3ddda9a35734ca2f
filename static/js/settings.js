// Settings whose buttons change a part of the page: what htmx cannot finish, a reload does. It leads
// to the sign-in page or shows what is wrong, as the plain form would have.

for (const problem of ["responseError", "sendError", "timeout"]) {
  document.addEventListener(`htmx:${problem}`, () => location.reload());
}

document.addEventListener("htmx:beforeRequest", (event) => {
  event.target.querySelector("button")?.setAttribute("aria-busy", "true");
});
