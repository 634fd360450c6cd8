// Says that this story is open here, and shows who else has it open.
import { post } from "./requests.js";

const EVERY = 25_000;

export function watchPresence(root) {
  async function now() {
    const doc = root.querySelector(".doc");
    if (!doc || document.hidden) return;
    try {
      const answer = await post(`/ban-bien-tap/tin/${doc.dataset.doc}/mo`);
      const place = doc.querySelector("[data-presence]");
      if (!doc.isConnected || !place) return;
      const changed = answer.revision !== Number(doc.dataset.revision) ? answer.stale : "";
      const words = [answer.open, changed].filter(Boolean).join(" · ");
      if (place.textContent !== words) place.textContent = words;
    } catch {
      // The next round tries again; who reads is not told of it.
    }
  }
  setInterval(now, EVERY);
  return { now };
}
