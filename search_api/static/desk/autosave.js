// What is being written is kept while it is written; the counters say how long it has become.
import { post } from "./requests.js";

const PAUSE = 900;

export function watchWords(doc) {
  const form = doc?.querySelector("[data-words]");
  if (!form) return;
  const saved = form.querySelector("[data-saved]");
  let timer = 0;
  count(form);
  form.addEventListener("input", () => {
    form.dataset.dirty = "yes";
    count(form);
    clearTimeout(timer);
    if (form.dataset.autosave) timer = setTimeout(() => keep(form, saved), PAUSE);
  });
  form.addEventListener("submit", () => clearTimeout(timer));
}

async function keep(form, saved) {
  if (!form.isConnected) return;
  try {
    const fields = new URLSearchParams({ headline: form.elements.headline.value, summary: form.elements.summary.value });
    saved.textContent = (await post(form.dataset.autosave, fields)).told;
  } catch (fault) {
    saved.textContent = fault.message;
  }
}

function count(form) {
  for (const counter of form.querySelectorAll("[data-counter]")) {
    const length = [...form.elements[counter.dataset.counter].value.trim()].length;
    counter.textContent = `${length}/${counter.dataset.good}`;
    counter.classList.toggle("over", length > Number(counter.dataset.good));
  }
}
