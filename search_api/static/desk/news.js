// New stories are announced, not pushed in: what one reads never moves by itself.
import { get } from "./requests.js";

const EVERY = 30_000;

export function watchNews(root) {
  const button = root.querySelector("[data-fresh]");
  if (!button) return;
  button.addEventListener("click", () => location.assign(root.dataset.here));
  setInterval(async () => {
    if (document.hidden) return;
    const address = new URL("/ban-bien-tap/tin-moi", location.href);
    address.search = new URL(root.dataset.here, location.href).search;
    address.searchParams.set("after", root.dataset.newest);
    try {
      const answer = await get(address);
      button.hidden = answer.count === 0;
      button.textContent = answer.words ?? "";
    } catch {
      // The next round tries again.
    }
  }, EVERY);
}
