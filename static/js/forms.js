// Forms outside the app: a password that can be looked at, and a theme shown while it is chosen.

for (const button of document.querySelectorAll("[data-reveal]")) {
  const input = document.getElementById(button.dataset.reveal);
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
    button.textContent = shown ? button.dataset.hide : button.dataset.show;
    input.focus();
  });
  // A browser's password manager takes only what is sent from a password field.
  input.form.addEventListener("submit", () => {
    input.type = "password";
  });
}

for (const choice of document.querySelectorAll("[data-theme-choice]")) {
  choice.addEventListener("change", (event) => {
    const root = document.documentElement;
    if (event.target.value === "system") delete root.dataset.theme;
    else root.dataset.theme = event.target.value;
  });
}
