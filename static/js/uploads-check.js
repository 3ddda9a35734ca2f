// Which files are worth sending. The server decides; this spares the wait for a certain no.
import { noImages } from "./context.js";
import { size } from "./uploads-chip.js";
import { texts } from "./uploads-words.js";

const NAMED = 3;

async function refusal(file) {
  const { maxSize, tooLarge, unreadable } = texts();
  if (file.type.startsWith("image/") && noImages()) return noImages();
  if (file.size > Number(maxSize)) {
    const words = { "%1": file.name, "%2": size(file.size), "%3": size(Number(maxSize)) };
    return tooLarge.replace(/%\d/g, (found) => words[found]);
  }
  // A folder that was dropped, or a file that is gone or locked.
  const readable = await file.slice(0, 1).arrayBuffer().catch(() => null);
  return readable ? "" : unreadable.replace("%s", () => file.name);
}

export async function sift(files) {
  const answers = await Promise.all(files.map(refusal));
  const good = files.filter((_file, index) => !answers[index]);
  const { maxCount, tooMany, farTooMany } = texts();
  const room = Math.max(0, Number(maxCount) - document.querySelectorAll("#previews > li").length);
  const refused = new Set(answers.filter(Boolean));
  const names = good.slice(room).map((file) => file.name);
  const rest = names.length - NAMED;
  const words = { "%1": maxCount, "%2": names.slice(0, NAMED).join("”, “"), "%3": rest };
  if (names.length) refused.add((rest > 0 ? farTooMany : tooMany).replace(/%\d/g, (found) => words[found]));
  return { taken: good.slice(0, room), refused: [...refused] };
}
