// Doing something to a story: shown at once, taken back when the server refuses, undone with one key.
import { post } from "./requests.js";
import { tell } from "./telling.js";

// These take a story out of most tabs, so the card steps aside before the answer comes.
const MOVES_ON = new Set(["submit", "approve", "reject", "publish", "withdraw", "reopen", "schedule"]);

export class Acts {
  constructor(root, moving) {
    this.root = root;
    this.moving = moving;
    this.last = "";
    this.queue = Promise.resolve();
    root.addEventListener("submit", (event) => this.#submitted(event));
    document.querySelector(".told-area").addEventListener("submit", (event) => {
      event.preventDefault();
      this.undo();
    });
  }

  // Presses the button of a form in the pane; value: which of its buttons.
  press(selector) {
    const form = this.moving.doc?.querySelector(selector);
    if (!form) return false;
    form.requestSubmit();
    return true;
  }

  undo() {
    this.queue = this.queue.then(() => this.#send("/ban-bien-tap/hoan-tac", new URLSearchParams({ act: this.last, back: this.root.dataset.here })).then((answer) => {
      this.last = "";
      tell(answer.told);
      this.#place(answer.cards);
      const first = answer.cards[0] && this.moving.card(answer.cards[0].id);
      if (first) this.moving.select(first);
      else this.moving.refresh();
    }, (fault) => tell(this.#words(fault), { kind: "fault" })));
    return this.queue;
  }

  // The cards as the server says they are: replaced, put back, or gone.
  #place(cards) {
    for (const one of cards ?? []) {
      this.moving.forget(one.id);
      const card = this.moving.card(one.id);
      if (!one.belongs) {
        card?.remove();
        continue;
      }
      const fresh = this.#element(one.html);
      if (card) {
        fresh.classList.toggle("selected", card === this.moving.selected);
        const hadFocus = card.contains(document.activeElement);
        if (card === this.moving.selected) this.moving.selected = fresh;
        card.replaceWith(fresh);
        if (hadFocus) fresh.querySelector("h3 a").focus({ preventScroll: true });
      } else if (this.moving.list) {
        this.moving.list.hidden = false;
        this.moving.list.prepend(fresh);
      }
    }
    this.#emptied();
  }

  #element(html) {
    const shell = document.createElement("template");
    shell.innerHTML = html.trim();
    return shell.content.firstElementChild;
  }

  #submitted(event) {
    const form = event.target;
    if (!form.closest("[data-pane]") && form.id !== "hang-loat") return;
    event.preventDefault();
    const button = event.submitter;
    const fields = new FormData(form, button);
    const address = button?.getAttribute("formaction") ?? form.getAttribute("action");
    if (form.id === "hang-loat") this.#many(address, fields);
    else this.#one(address, fields, form);
  }

  async #one(address, fields, form) {
    const act = address.split("/").at(-1);
    const id = this.moving.storyId;
    this.#bringWords(act, fields, form);
    for (const open of form.closest("[data-pane]").querySelectorAll("details.picker[open]")) open.open = false;
    const stepsAside = MOVES_ON.has(act) && this.moving.list && this.moving.card(id);
    const aside = stepsAside ? this.#stepAside(id) : null;
    if (!aside) this.#keepFocus();
    this.queue = this.queue.then(() => this.#send(address, fields)).then(
      (answer) => this.#answered(answer, id, aside),
      (fault) => this.#refused(fault, id, aside),
    );
    return this.queue;
  }

  // What is being written goes along with a step, so that it is never left behind.
  #bringWords(act, fields, form) {
    const words = this.moving.doc.querySelector("[data-words][data-autosave]");
    if (!words || words === form || !words.dataset.dirty || !MOVES_ON.has(act)) return;
    for (const name of ["headline", "summary"]) fields.set(name, words.elements[name].value);
  }

  // The card goes and the next one is selected; what is needed to put it back.
  #stepAside(id) {
    const card = this.moving.card(id);
    const after = card.nextElementSibling;
    const next = after ?? card.previousElementSibling;
    card.remove();
    if (next) this.moving.select(next);
    else {
      this.moving.empty();
      this.#emptied();
    }
    return { card, after };
  }

  #answered(answer, id, aside) {
    this.last = String(answer.undo ?? "");
    tell(answer.told, this.last ? { undo: { label: this.root.dataset.undo, run: () => this.undo() } } : {});
    if (aside && answer.cards?.some((one) => one.belongs)) this.#putBack(aside);
    this.#place(answer.cards);
    if (!aside && this.moving.storyId === String(id)) this.moving.refresh();
  }

  #refused(fault, id, aside) {
    tell(this.#words(fault), { kind: "fault" });
    const cards = fault.problem?.cards ?? [];
    if (aside) this.#putBack(aside);
    this.#place(cards);
    const card = this.moving.card(id);
    if (aside && card) {
      this.moving.forget(id);
      this.moving.select(card);
    } else this.moving.refresh();
  }

  #putBack({ card, after }) {
    this.moving.list.hidden = false;
    if (after?.isConnected) after.before(card);
    else this.moving.list.append(card);
    this.#emptied();
  }

  #many(address, fields) {
    this.queue = this.queue.then(() => this.#send(address, fields)).then(
      (answer) => {
        this.last = String(answer.undo ?? "");
        tell(answer.told, this.last ? { undo: { label: this.root.dataset.undo, run: () => this.undo() } } : {});
        const gone = new Set(answer.cards.filter((one) => !one.belongs).map((one) => String(one.id)));
        const stays = this.moving.cards.find((card) => !gone.has(card.dataset.story));
        const lost = gone.has(this.moving.selected?.dataset.story);
        this.#place(answer.cards);
        document.dispatchEvent(new CustomEvent("desk:chosen"));
        if (lost && stays) this.moving.select(this.moving.card(stays.dataset.story));
        else if (lost) this.moving.empty();
        else this.moving.refresh();
      },
      (fault) => {
        tell(this.#words(fault), { kind: "fault" });
        this.#place(fault.problem?.cards);
      },
    );
  }

  // A pane that is written anew loses the focus; it goes to the card, or to the pane itself.
  #keepFocus() {
    const link = this.moving.selected?.querySelector("h3 a");
    (link ?? this.moving.pane).focus({ preventScroll: true });
  }

  #send(address, fields) {
    return post(address, fields);
  }

  #words(fault) {
    return fault.problem ? fault.message : this.root.dataset.lost;
  }

  #emptied() {
    const none = this.root.querySelector("[data-empty]");
    if (none) none.hidden = this.moving.cards.length > 0;
  }
}
