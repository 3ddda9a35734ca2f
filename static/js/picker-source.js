// Where the list of models comes from: the server's last answer is kept while the page lives.

const FRESH = 5000;
let kept = null;
let asking = null;

export const latest = () => kept;

async function get(address) {
  const answer = await fetch(address, { headers: { "HX-Request": "true" } });
  if (!answer.ok || answer.redirected) throw new Error(`The models answered ${answer.status}.`);
  return answer.text();
}

async function ask(address) {
  try {
    return (kept = { address, html: await get(address), at: performance.now() });
  } finally {
    asking = null;
  }
}

// One question at a time, whose answer counts for some seconds.
export function load(address, anew = false) {
  if (!anew && kept?.address === address && performance.now() - kept.at < FRESH) return Promise.resolve(kept);
  if (asking?.address !== address) asking = { address, answer: ask(address) };
  return asking.answer;
}

// For what is left out of a list that is too long for one answer.
export async function search(words) {
  return words.trim() ? get(`${kept.address}&q=${encodeURIComponent(words)}`) : kept.html;
}
