// Which story is selected and shown: the selected card is always in view, the next one is loaded before it is asked for.
import { get } from "./requests.js";

const KEPT = 12;
const WIDE = window.matchMedia("(min-width: 48.01rem)");

export class Moving {
  constructor(root) {
    this.root = root;
    this.list = root.querySelector("[data-stories]");
    this.pane = root.querySelector("[data-pane]") ?? root;
    this.isAlone = "alone" in root.dataset;
    this.onShown = () => {};
    this.loaded = new Map();
    this.asked = 0;
    if (this.list) {
      this.list.addEventListener("click", (event) => this.#clicked(event));
      this.selected = this.list.querySelector(".story.selected") ?? this.cards[0] ?? null;
      this.#prefetch();
    }
  }

  get cards() {
    return this.list ? [...this.list.querySelectorAll(".story")] : [];
  }

  get doc() {
    return this.pane.querySelector(".doc");
  }

  // The story that acts are about: the one in the pane.
  get storyId() {
    return this.doc?.dataset.doc ?? this.selected?.dataset.story;
  }

  card(id) {
    return this.list?.querySelector(`[data-story="${id}"]`) ?? null;
  }

  // by: 1 down, -1 up. Returns whether there was somewhere to go.
  step(by) {
    const cards = this.cards;
    const at = cards.indexOf(this.selected);
    const next = cards[at < 0 ? 0 : at + by];
    if (next) this.select(next);
    return Boolean(next);
  }

  select(card, { focus = true, show = true } = {}) {
    for (const other of this.cards) {
      other.classList.toggle("selected", other === card);
      other.querySelector("h3 a").toggleAttribute("aria-current", other === card);
    }
    this.selected = card;
    const link = card.querySelector("h3 a");
    if (link.hasAttribute("aria-current")) link.setAttribute("aria-current", "true");
    if (focus) link.focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest" });
    if (show && WIDE.matches) this.show(card);
  }

  async show(card) {
    const turn = ++this.asked;
    const html = await this.#load(card).catch(() => null);
    if (turn !== this.asked || html === null) return;
    this.put(html);
    history.replaceState(null, "", card.querySelector("h3 a").href);
    this.#prefetch();
  }

  // What the pane shows again, as it is now; the place where one reads is kept.
  async refresh() {
    const id = this.storyId;
    if (!id) return;
    this.loaded.delete(id);
    const turn = ++this.asked;
    const top = this.pane.scrollTop;
    const html = await get(this.#address(id)).catch(() => null);
    if (turn !== this.asked || html === null) return;
    this.put(html);
    this.pane.scrollTop = top;
  }

  put(html) {
    this.pane.innerHTML = html;
    this.pane.scrollTop = 0;
    if (this.doc) this.onShown(this.doc);
  }

  empty() {
    this.pane.replaceChildren();
    this.selected = null;
  }

  forget(id) {
    this.loaded.delete(String(id));
  }

  #clicked(event) {
    const card = event.target.closest(".story");
    const link = event.target.closest("h3 a");
    if (!card || !link || event.ctrlKey || event.metaKey || event.shiftKey || event.button || !WIDE.matches) return;
    event.preventDefault();
    this.select(card);
  }

  #address(id) {
    const here = new URL(this.root.dataset.here, location.href);
    const target = new URL(`/ban-bien-tap/tin/${id}`, location.href);
    target.search = here.search;
    target.searchParams.set("fragment", "1");
    return target;
  }

  #load(card) {
    const id = card.dataset.story;
    if (!this.loaded.has(id)) {
      const coming = get(this.#address(id));
      coming.catch(() => this.loaded.delete(id));
      this.loaded.set(id, coming);
      if (this.loaded.size > KEPT) this.loaded.delete(this.loaded.keys().next().value);
    }
    return this.loaded.get(id);
  }

  #prefetch() {
    if (!WIDE.matches) return;
    const next = this.cards[this.cards.indexOf(this.selected) + 1];
    if (next) this.#load(next).catch(() => {});
  }
}
