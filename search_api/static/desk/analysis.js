// The analysts' query: names are suggested while typing; dragging over a chart chooses its days.
import { get } from "./requests.js";
import { suggestNames } from "./suggesting.js";
import { tell } from "./telling.js";

// Of a link inside SVG `href` is no string.
function addressOf(link) {
  return new URL(link.getAttribute("href"), location.href);
}

function brush(figure) {
  const links = [...figure.querySelectorAll("svg a[href]")];
  let start = -1;
  // By where it is from left to right: a day on which nothing was printed has no bar to be met.
  const at = (event) => {
    const area = figure.querySelector("svg").getBoundingClientRect();
    if (event.clientY < area.top || event.clientY > area.bottom) return -1;
    const distances = links.map((link) => {
      const bar = link.getBoundingClientRect();
      return Math.abs(bar.left + bar.width / 2 - event.clientX);
    });
    return distances.indexOf(Math.min(...distances));
  };
  const mark = (first, last) =>
    links.forEach((link, number) => link.classList.toggle("brushed", number >= first && number <= last));
  figure.addEventListener("pointerdown", (event) => {
    start = event.button === 0 && event.target.closest("svg") ? at(event) : -1;
  });
  figure.addEventListener("dragstart", (event) => event.preventDefault());
  figure.addEventListener("pointermove", (event) => {
    const end = at(event);
    if (start >= 0 && end >= 0 && end !== start) mark(Math.min(start, end), Math.max(start, end));
  });
  document.addEventListener("pointerup", (event) => {
    const end = at(event);
    if (start >= 0 && end >= 0 && end !== start) {
      const [first, last] = [Math.min(start, end), Math.max(start, end)];
      const address = addressOf(links[first]);
      address.searchParams.set("to", addressOf(links[last]).searchParams.get("to"));
      location.assign(address);
    }
    start = -1;
    mark(1, 0);
  });
}

// The next hits come below these ones. The address says where they begin, so that the page can be passed on and
// read again; without a script the link opens it.
async function showMore(link) {
  const paging = link.closest("nav");
  try {
    const answer = await get(link.href);
    const page = new DOMParser().parseFromString(answer, "text/html");
    const hits = [...page.querySelectorAll(".results > li")];
    document.querySelector(".results").append(...hits);
    paging.replaceWith(...page.querySelectorAll("nav[data-more]"));
    history.replaceState(null, "", link.href);
    hits[0]?.querySelector("a")?.focus();
  } catch {
    tell(paging.dataset.more, { kind: "fault" });
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("nav[data-more] a[rel=next]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  showMore(link);
});

const input = document.querySelector("[data-query] input[name=q]");
if (input) suggestNames(input, document.getElementById("goi-y"));
for (const figure of document.querySelectorAll("[data-brush]")) brush(figure);

// A preset and typed days say the same thing twice: choosing one clears the other.
const span = document.getElementById("span");
span?.addEventListener("change", () => {
  for (const name of ["from", "to"]) document.getElementById(name).value = "";
  span.form.requestSubmit();
});
document.getElementById("sort")?.addEventListener("change", (event) => event.target.form.requestSubmit());
