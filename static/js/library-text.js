// Putting text into the composer, so that the browser's own undo takes it back.

// The browser's editing command takes long for long texts; these cannot be undone.
const LONG = 20000;
let inserting = false;

export const isInserting = () => inserting;

// In the place of what was typed there, if that still stands there; else at the caret.
export function put(area, place, text) {
  area.focus();
  if (place && area.value.slice(place.start, place.end) === place.text) {
    area.setSelectionRange(place.start, place.end);
  }
  inserting = true;
  const [before, { selectionStart, selectionEnd }] = [area.value, area];
  if (text.length < LONG) document.execCommand(text ? "insertText" : "delete", false, text);
  const isEmpty = !text && selectionStart === selectionEnd;
  if (area.value === before && !isEmpty) {
    area.setRangeText(text, selectionStart, selectionEnd, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
  inserting = false;
}
