// Names offered while a query is typed: a combobox with a list (WAI-ARIA 1.2). Without a script the box is a plain one.
import { get } from "./requests.js";

const WAIT = 180; // ms after the last key

export function suggestNames(input, list) {
  let timer = 0;
  let asked = "";
  let active = -1;
  const options = () => [...list.children];
  // What is being typed now: the words since the last operator, parenthesis or quotation mark.
  const typed = () => input.value.split(/\s+OR\s+|[()"]/).pop().trim();

  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  close();

  function close() {
    clearTimeout(timer);
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    mark(-1);
  }

  function open() {
    if (!list.children.length || document.activeElement !== input) return;
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
  }

  function mark(at) {
    active = at;
    options().forEach((option, number) => option.setAttribute("aria-selected", String(number === at)));
    if (at < 0) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", list.children[at].id);
    list.children[at].scrollIntoView({ block: "nearest" });
  }

  function choose(option) {
    const words = typed();
    const before = input.value.trimEnd().slice(0, input.value.trimEnd().length - words.length);
    input.value = `${before}"${option.dataset.text}" `;
    asked = "";
    list.replaceChildren();
    close();
    input.focus();
  }

  function shown(name, number) {
    const option = document.createElement("li");
    option.id = `${list.id}-${number}`;
    option.role = "option";
    option.dataset.text = name.text;
    const text = Object.assign(document.createElement("span"), { className: "name", textContent: name.text });
    const kind = Object.assign(document.createElement("span"), { className: "kind", textContent: name.kind });
    option.append(text, " ", kind);
    return option;
  }

  async function ask(words) {
    asked = words;
    const names = await get(`/phan-tich/goi-y?q=${encodeURIComponent(words)}`).catch(() => []);
    if (asked !== words) return; // typed on meanwhile
    list.replaceChildren(...names.map(shown));
    mark(-1);
    if (names.length) open();
    else close();
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    const words = typed();
    if (words.length < 2) {
      asked = "";
      list.replaceChildren();
      close();
    } else if (words !== asked) timer = setTimeout(() => ask(words), WAIT);
  });

  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const count = list.children.length;
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && count) {
      event.preventDefault();
      if (list.hidden) open();
      // Below the last one and above the first one is the box itself.
      const step = event.key === "ArrowDown" ? 1 : -1;
      mark(((active + 1 + step + count + 1) % (count + 1)) - 1);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault(); // else the browser empties the box
      close();
    } else if (event.key === "Enter" && active >= 0) {
      event.preventDefault();
      choose(list.children[active]);
    } else if (event.key === "Enter") {
      close();
    }
  });
  input.addEventListener("blur", close);
  // The box keeps the focus while one chooses with the pointer.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) choose(option);
  });
}
