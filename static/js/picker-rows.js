// The rows of the model picker: which is the chosen one, and which hold what is typed.

const low = (text) => text.trim().toLowerCase();
let rows = [];

export const shown = () => rows.filter(({ option }) => !option.hidden).map(({ option }) => option);

export function read(list, chosen) {
  rows = [...list.querySelectorAll('[role="option"]')].map((option) => {
    const names = [low(option.dataset.model), low(option.querySelector(".picker-name").textContent)];
    return { option, names, text: [...names, low(option.dataset.provider)].join(" ") };
  });
  for (const [index, { option }] of rows.entries()) option.id = `model-${index}`;
  mark(chosen);
}

// Only the first is selected of those that stand under Recent as well.
export function mark(chosen) {
  const left = new Set(chosen);
  for (const { option } of rows) {
    option.ariaCurrent = chosen.includes(option.dataset.model) ? "true" : null;
    option.ariaSelected = String(left.delete(option.dataset.model));
  }
}

// All of the words, in any order.
export function narrow(list, typed) {
  const words = low(typed).split(/\s+/);
  for (const { option, text } of rows) {
    const twice = words[0] && option.parentElement.matches("[data-recent]");
    option.hidden = twice || !words.every((word) => text.includes(word));
  }
  const boxes = new Set(shown().map((option) => option.parentElement));
  for (const box of list.querySelectorAll('[role="group"]')) box.hidden = words[0] !== "" && !boxes.has(box);
}

// The model that is called exactly that.
export const called = (typed) => rows.find(({ names }) => names.includes(low(typed)))?.option.dataset.model;
