// Forms outside the app: a password that can be looked at.

for (const button of document.querySelectorAll("[data-reveal]")) {
  const input = document.getElementById(button.dataset.reveal);
  button.hidden = false;
  button.addEventListener("click", () => {
    input.type = input.type === "password" ? "text" : "password";
    const { other, otherLabel } = button.dataset;
    button.dataset.other = button.textContent;
    button.dataset.otherLabel = button.ariaLabel;
    button.textContent = other;
    button.ariaLabel = otherLabel;
  });
  // A browser's password manager takes only what is sent from a password field.
  input.form.addEventListener("submit", () => {
    input.type = "password";
  });
}
