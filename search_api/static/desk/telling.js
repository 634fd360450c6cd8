// The one line that tells what was just done; screen readers hear it.

const area = document.querySelector(".told-area");

// undo: {label, run} for a button that takes it back.
export function tell(text, { kind = "done", undo = null } = {}) {
  const line = document.createElement("div");
  line.className = `told ${kind}`;
  const words = document.createElement("p");
  words.textContent = text;
  line.append(words);
  if (undo) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.textContent = undo.label;
    button.addEventListener("click", undo.run, { once: true });
    line.append(button);
  }
  area.replaceChildren(line);
  return line;
}

export function untell() {
  area.replaceChildren();
}
