// The queue with its reading pane: moving, acting, choosing, listening for news.
import { Acts } from "./acts.js";
import { watchWords } from "./autosave.js";
import { Choosing } from "./choosing.js";
import { Keys } from "./keys.js";
import { Moving } from "./moving.js";
import { watchNews } from "./news.js";
import { watchPresence } from "./presence.js";

const root = document.querySelector("[data-desk]");
if (root) {
  document.documentElement.classList.add("has-script");
  const side = root.querySelector("[data-side]");
  if (side && window.matchMedia("(min-width: 72.01rem)").matches) side.open = true;
  const moving = new Moving(root);
  const acts = new Acts(root, moving);
  const choosing = new Choosing(root, moving, acts);
  new Keys(moving, acts, choosing);
  const presence = watchPresence(root);
  moving.onShown = (doc) => {
    watchWords(doc);
    presence.now();
  };
  moving.onShown(moving.doc);
  if (!moving.isAlone) watchNews(root);
}
