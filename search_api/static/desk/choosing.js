// Choosing many: by key, by shift for a range, all that are shown.

export class Choosing {
  constructor(root, moving) {
    this.root = root;
    this.moving = moving;
    this.bar = root.querySelector(".bulk");
    this.from = null;
    if (!moving.list) return;
    moving.list.addEventListener("click", (event) => this.#clicked(event));
    moving.list.addEventListener("change", () => this.#count());
    root.querySelector("#chon-het")?.addEventListener("change", (event) => this.all(event.target.checked));
    document.addEventListener("desk:chosen", () => this.all(false));
    this.#count();
  }

  get boxes() {
    return this.moving.cards.map((card) => card.querySelector("input[name=chon]"));
  }

  toggle(card = this.moving.selected) {
    const box = card?.querySelector("input[name=chon]");
    if (!box) return;
    box.checked = !box.checked;
    this.from = box;
    this.#count();
  }

  // Takes the selected card and the one it moves to into the choice.
  extend(by) {
    const box = (card) => card?.querySelector("input[name=chon]");
    if (box(this.moving.selected)) box(this.moving.selected).checked = true;
    if (this.moving.step(by)) box(this.moving.selected).checked = true;
    this.#count();
  }

  all(checked) {
    for (const box of this.boxes) box.checked = checked;
    this.#count();
  }

  #clicked(event) {
    const box = event.target.closest("input[name=chon]");
    if (!box) return;
    const boxes = this.boxes;
    if (event.shiftKey && this.from?.isConnected) {
      const [start, end] = [boxes.indexOf(this.from), boxes.indexOf(box)].sort((a, b) => a - b);
      for (const between of boxes.slice(start, end + 1)) between.checked = box.checked;
    }
    this.from = box;
    this.#count();
  }

  #count() {
    const boxes = this.boxes;
    const chosen = boxes.filter((box) => box.checked);
    for (const box of boxes) box.closest(".story").classList.toggle("chosen", box.checked);
    if (!this.bar) return;
    this.bar.classList.toggle("some", chosen.length > 0);
    this.bar.querySelector(".bulk-count").textContent = this.root.dataset.chosenOne.replace("1", String(chosen.length));
    const all = this.root.querySelector("#chon-het");
    if (all) {
      all.checked = chosen.length > 0 && chosen.length === boxes.length;
      all.indeterminate = chosen.length > 0 && chosen.length < boxes.length;
    }
  }
}
