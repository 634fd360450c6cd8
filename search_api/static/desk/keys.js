// One key for each thing that has a button.
import { isTyping } from "./focus.js";

const PICKERS = new Set(["x", "s", "r", "t", "p", "m"]);

export class Keys {
  constructor(moving, acts, choosing) {
    this.moving = moving;
    this.acts = acts;
    this.choosing = choosing;
    document.addEventListener("keydown", (event) => this.#pressed(event));
    document.addEventListener("toggle", (event) => this.#opened(event), true);
    document.addEventListener("input", (event) => this.#narrowed(event));
    document.addEventListener("click", (event) => {
      for (const open of document.querySelectorAll("details.picker[open]")) {
        if (!open.contains(event.target)) open.open = false;
      }
    });
  }

  get picker() {
    return document.querySelector("details.picker[open]");
  }

  #pressed(event) {
    if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") return this.#escape(event);
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return this.#saveAndGo(event);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.picker && this.#inPicker(event)) return;
    if (isTyping(event.target) && event.target.type !== "checkbox") return;
    const run = this.#command(event);
    if (run && run() !== false) event.preventDefault();
  }

  #command(event) {
    const { moving, acts, choosing } = this;
    const key = event.key;
    if (PICKERS.has(key)) return () => this.#open(key);
    if (event.shiftKey && key === "J") return () => choosing.extend(1);
    if (event.shiftKey && key === "K") return () => choosing.extend(-1);
    return {
      j: () => moving.step(1),
      k: () => moving.step(-1),
      a: () => acts.press(".bar form[data-forward]"),
      g: () => acts.press(".bar form[data-take]"),
      d: () => acts.press(".bar form[data-digest]"),
      e: () => this.#into("#summary"),
      n: () => this.#into("#note"),
      u: () => void acts.undo(),
      v: () => choosing.toggle(),
      o: () => this.#original(),
      "/": () => this.#into("#q", document),
      "?": () => document.getElementById("phim-tat").showModal(),
    }[key];
  }

  #open(key) {
    const picker = this.moving.doc?.querySelector(`details.picker[data-picker="${key}"]`);
    if (!picker) return false;
    if (this.picker && this.picker !== picker) this.picker.open = false;
    picker.open = !picker.open;
    if (picker.open) this.#enter(picker);
    return true;
  }

  // At once, so that what is typed next arrives there.
  #enter(picker) {
    const first = picker.querySelector("[data-narrow], [aria-current], .option, textarea, input:not([type=hidden])");
    first?.focus({ preventScroll: true });
    picker.querySelector(".drop")?.scrollIntoView({ block: "nearest" });
  }

  #opened(event) {
    const picker = event.target;
    if (!picker.matches?.("details.picker") || !picker.open) return;
    if (!picker.contains(document.activeElement) || document.activeElement.tagName === "SUMMARY") this.#enter(picker);
  }

  // Numbers choose, arrows move, Enter in the filter takes the first.
  #inPicker(event) {
    const options = [...this.picker.querySelectorAll(".option:not([hidden])")];
    const typing = isTyping(event.target);
    if (!typing && /^[1-9]$/.test(event.key)) {
      const option = options[Number(event.key) - 1];
      if (option) {
        event.preventDefault();
        option.click();
      }
      return true;
    }
    if (event.key === "Enter" && event.target.matches("[data-narrow]")) {
      event.preventDefault();
      options[0]?.click();
      return true;
    }
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by && options.length) {
      event.preventDefault();
      const at = options.indexOf(document.activeElement);
      options[(at + by + options.length) % options.length].focus();
      return true;
    }
    return typing;
  }

  #narrowed(event) {
    if (!event.target.matches("[data-narrow]")) return;
    const wanted = plain(event.target.value);
    for (const option of event.target.form.querySelectorAll(".option")) {
      option.hidden = !plain(option.textContent).includes(wanted);
    }
  }

  #escape(event) {
    if (this.picker) {
      const summary = this.picker.querySelector("summary");
      this.picker.open = false;
      (this.moving.selected?.querySelector("h3 a") ?? summary).focus({ preventScroll: true });
    } else if (isTyping(event.target)) {
      event.target.blur();
      this.moving.selected?.querySelector("h3 a").focus({ preventScroll: true });
    } else return;
    event.preventDefault();
  }

  #saveAndGo(event) {
    const form = event.target.closest?.("form");
    if (!form) return;
    event.preventDefault();
    form.requestSubmit(form.querySelector("button[formaction]") ?? undefined);
  }

  #into(selector, within = this.moving.doc) {
    const field = within?.querySelector(selector);
    if (!field) return false;
    const fold = field.closest("details[data-writing]");
    if (fold) fold.open = true;
    field.focus();
    field.scrollIntoView({ block: "nearest" });
    return true;
  }

  #original() {
    const link = this.moving.doc?.querySelector("[data-original]");
    if (!link) return false;
    link.click();
    return true;
  }
}

// Without marks and case: “môi trường” is found by “moi truong”.
function plain(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").replace(/[đĐ]/g, "d").toLowerCase().trim();
}
