// The builder: items change places by dragging or Alt with an arrow; the page beside them is always what stands in the store.
import { post } from "./requests.js";
import { tell } from "./telling.js";

const root = document.getElementById("digest");
let dragged = null;
let busy = false;

// What had the focus, told by the item and the part of it, so that it is found again in the new page.
function place() {
  const active = document.activeElement;
  const line = active?.closest?.("[data-item]");
  if (!line) return null;
  const parts = [...line.querySelectorAll("a, button, summary")];
  return { item: line.dataset.item, part: parts.indexOf(active) };
}

function restore(kept) {
  const line = kept && root.querySelector(`[data-item="${CSS.escape(kept.item)}"]`);
  if (!line) return;
  const target = [...line.querySelectorAll("a, button, summary")][Math.max(0, kept.part)];
  target?.focus();
  line.scrollIntoView({ block: "nearest" });
}

async function send(address, fields, kept) {
  if (busy) return;
  busy = true;
  try {
    root.innerHTML = await post(address, fields);
    const told = root.querySelector("[data-told-text]");
    if (told) tell(told.dataset.toldText, { kind: told.dataset.toldKind });
    restore(kept);
  } catch (fault) {
    tell(fault.message, { kind: "fault" });
  } finally {
    busy = false;
  }
}

root.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-step]")) return;
  event.preventDefault();
  event.stopPropagation();
  const fields = new FormData(form, event.submitter);
  send(form.action, fields, place());
});

root.addEventListener("keydown", (event) => {
  if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
  const form = event.target.closest("[data-item]")?.querySelector("[data-step]");
  if (!form) return;
  event.preventDefault();
  const fields = new FormData(form);
  fields.set("by", event.key === "ArrowUp" ? "up" : "down");
  send(form.action, fields, place());
});

root.addEventListener("dragstart", (event) => {
  dragged = event.target.closest("[data-item]");
  dragged?.classList.add("dragged");
});

root.addEventListener("dragover", (event) => {
  const group = event.target.closest("[data-section]");
  if (!dragged || !group) return;
  event.preventDefault();
  const line = event.target.closest("[data-item]");
  if (line && line !== dragged) {
    const box = line.getBoundingClientRect();
    line[event.clientY < box.top + box.height / 2 ? "before" : "after"](dragged);
  } else if (!line) {
    group.querySelector("ol").append(dragged);
  }
});

root.addEventListener("dragend", () => {
  if (!dragged) return;
  dragged.classList.remove("dragged");
  const kept = { item: dragged.dataset.item, part: 0 };
  dragged = null;
  const shown = new Map(
    [...root.querySelectorAll("[data-section]")].map((group) => [
      group.dataset.section,
      [...group.querySelectorAll("[data-item]")].map((line) => line.dataset.item),
    ]),
  );
  const keys = root.querySelector("[data-keys]").dataset.keys.split(",");
  const order = keys.map((key) => `${key}:${(shown.get(key) ?? []).join(",")}`).join(";");
  const revision = root.querySelector("[name=revision]").value;
  send(`${root.dataset.address}/xep`, { revision, order }, kept);
});
