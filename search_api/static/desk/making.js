// What takes seconds says so: a file that is being made, a page that is being counted. A second press waits for the first.
import { tell } from "./telling.js";

const PATIENCE = 300; // ms; what is quicker needs no word

function busy(control, words) {
  const label = control.textContent;
  control.setAttribute("aria-busy", "true");
  const began = performance.now();
  const show = () => {
    const seconds = Math.floor((performance.now() - began) / 1000);
    control.textContent = seconds < 2 ? words : `${words} ${seconds} s`;
  };
  const first = setTimeout(show, PATIENCE);
  const clock = setInterval(show, 1000);
  return () => {
    clearTimeout(first);
    clearInterval(clock);
    control.textContent = label;
    control.removeAttribute("aria-busy");
  };
}

function nameOf(answer) {
  return /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") ?? "")?.[1];
}

function save(content, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(content), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function make(link) {
  const done = busy(link, link.dataset.making);
  const waiting = setTimeout(() => tell(link.dataset.making), PATIENCE);
  try {
    const answer = await fetch(link.href, { headers: { "X-Requested-With": "fetch" } });
    const name = nameOf(answer);
    if (answer.status === 401) return location.reload(); // signed out meanwhile: the page asks to sign in, and is next
    if (!answer.ok || !name) throw new Error(String(answer.status));
    save(await answer.blob(), name);
    clearTimeout(waiting);
    tell(`${link.dataset.made} ${name}`);
  } catch {
    clearTimeout(waiting);
    tell(link.dataset.failed, { kind: "fault" });
  } finally {
    done();
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-making]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (!link.hasAttribute("aria-busy")) make(link);
});

for (const form of document.querySelectorAll("form[data-busy]")) {
  form.addEventListener("submit", (event) => {
    const button = event.submitter ?? form.querySelector("button");
    const done = busy(button, form.dataset.busy);
    window.addEventListener("pagehide", done, { once: true });
  });
}
