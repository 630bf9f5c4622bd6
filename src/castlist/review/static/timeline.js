"use strict";
// People by time, over shots. Wheel, keys and drag zoom; hovering shows the film's picture; a click plays it.
import { $, S, arrange, button, clock, el, face, get, hue, label, many, person, notify } from "./core.js";
import { Peek, play } from "./film.js";

const SVG = "http://www.w3.org/2000/svg",
  NEAREST = 500; // milliseconds of film at the largest zoom
let from = 0,
  to = 0,
  known = { revision: -1, shots: [], spans: {} },
  drawn = "",
  openPerson = () => {};
export const onOpen = (run) => {
  openPerson = run;
};
const list = $("#lanes"),
  strip = $("#shots"),
  axis = $("#axis"),
  peek = new Peek();
const tip = el(
  "div",
  { className: "tip", hidden: true, ariaHidden: "true" },
  peek.video,
  el("img", { alt: "" }),
  el("span"),
);
const mark = el("div", { className: "mark", hidden: true }),
  line = el("div", { className: "line", hidden: true });
document.body.append(tip);
$("#tracks").append(mark, line);

const all = () => Math.max(1, S.film.ms);
export async function drawTimeline() {
  if (!to || to > all()) {
    from = 0;
    to = all();
  }
  if (known.revision !== S.revision) {
    const news = await get("/api/timeline").catch((e) => {
      notify(e.message, true);
      return null;
    });
    if (!news || news.revision !== S.revision) return;
    known = news;
  }
  const cast = S.people.filter((p) => p.fate === 0),
    key = known.revision + cast.map((p) => p.id + label(p)).join();
  if (key !== drawn) {
    drawn = key;
    arrange(list, cast.map(lane));
  }
  $("#timeline .empty").hidden = cast.length > 0;
  $("#tracks").hidden = !cast.length;
  drawRail();
}
function lane(p) {
  const svg = document.createElementNS(SVG, "svg"),
    path = document.createElementNS(SVG, "path");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("class", "h" + hue(p));
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `${label(p)}: ${many(p.appearances, "appearance")}`);
  path.setAttribute(
    "d",
    known.spans[p.id].map(([a, b]) => `M${a} 0h${Math.max(1, b - a)}v10h-${Math.max(1, b - a)}z`).join(""),
  );
  svg.append(path);
  const nameButton = button("", () => openPerson(p.id));
  nameButton.append(p.pictures[0] ? face(p.pictures[0]) : "", el("bdi", {}, label(p)));
  const node = el("li", { className: "lane" }, nameButton, svg);
  node.dataset.id = p.id;
  return node;
}

// seconds between two labels
const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400];
const MARKS = 7,
  GAP = 10; // most labels on the axis, and least pixels between two
// Everything that depends on the visible part of the film
function drawRail() {
  const view = `${from} 0 ${to - from} 10`;
  for (const node of list.children) node.lastChild.setAttribute("viewBox", view);
  drawAxis();
  drawShots();
  $("#where").textContent =
    to - from < all()
      ? `${clock(from)} to ${clock(to)}`
      : `${many(known.shots.length, "shot")}, ${clock(all())}`;
  for (const b of document.querySelectorAll("[data-zoom]"))
    b.disabled = ["out", "left", "right", "all"].includes(b.dataset.zoom) && to - from >= all();
}
function drawAxis() {
  const text = (s, step) => (step < 1 ? s.toFixed(1) + " s" : clock(s * 1000)),
    longest = el("span", {}, text(to / 1000, to - from < 5000 ? 0.1 : 1));
  axis.replaceChildren(longest);
  const wide = axis.clientWidth,
    half = longest.offsetWidth / 2,
    most = Math.max(1, Math.min(MARKS, wide / (2 * half + GAP)));
  const step = STEPS.find((s) => (to - from) / 1000 / s <= most) || STEPS.at(-1),
    marks = [];
  let free = 0; // next position in pixels with space for a label
  for (let k = Math.ceil(from / 1000 / step); k * step * 1000 <= to; k++) {
    const time = text(k * step, step),
      own = (half * time.length) / longest.textContent.length;
    const x = Math.max(own, Math.min(wide - own, (wide * (k * step * 1000 - from)) / (to - from)));
    if (x - own < free) continue;
    free = x + own + GAP;
    const m = el("span", {}, time);
    m.style.left = x + "px";
    marks.push(m);
  }
  axis.replaceChildren(...marks);
}
function drawShots() {
  const r = strip.getBoundingClientRect(),
    scale = devicePixelRatio || 1,
    pen = strip.getContext("2d");
  strip.width = Math.max(1, Math.round(r.width * scale));
  strip.height = Math.max(1, Math.round(r.height * scale));
  const style = getComputedStyle(strip),
    x = (ms) => ((ms - from) / (to - from)) * strip.width;
  const shots = known.shots,
    first = Math.max(0, upper(shots, from) - 1),
    last = upper(shots, to);
  for (let i = first; i < last; i++) {
    const a = Math.max(0, x(shots[i])),
      b = Math.min(strip.width, x(shots[i + 1] ?? all()));
    pen.fillStyle = style.getPropertyValue(i % 2 ? "--strong" : "--line");
    pen.fillRect(a, 0, Math.max(b - a, 1), strip.height);
  }
}
function upper(sorted, value) {
  let low = 0,
    high = sorted.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    sorted[mid] <= value ? (low = mid + 1) : (high = mid);
  }
  return low;
}

// Zoom: by a factor around a position, or to a part
function show(a, b) {
  const wide = Math.min(all(), Math.max(Math.min(NEAREST, all()), b - a)),
    start = Math.max(0, Math.min(a, all() - wide));
  from = start;
  to = start + wide;
  drawRail();
}
function zoom(factor, about = (from + to) / 2) {
  const wide = Math.min(all(), Math.max(NEAREST, (to - from) * factor)),
    share = (about - from) / (to - from);
  show(about - share * wide, about - share * wide + wide);
}
const shift = (share) => show(from + share * (to - from), to + share * (to - from));
const HOW = {
  in: () => zoom(0.5),
  out: () => zoom(2),
  left: () => shift(-0.4),
  right: () => shift(0.4),
  all: () => show(0, all()),
};
export const timelineKeys = {
  "+": HOW.in,
  "=": HOW.in,
  "-": HOW.out,
  0: HOW.all,
  ArrowLeft: HOW.left,
  ArrowRight: HOW.right,
};
$("#timeline .bar").addEventListener("click", (e) => HOW[e.target.closest("[data-zoom]")?.dataset.zoom]?.());

// The pointer
const field = () => strip.getBoundingClientRect();
const timeAt = (x) => {
  const r = field();
  return Math.max(0, Math.min(all() - 1, from + ((x - r.left) / r.width) * (to - from)));
};
const inField = (e) => {
  const r = field();
  return e.clientX >= r.left && e.clientX <= r.right && !e.target.closest("button");
};
const owner = (e) => person(e.target.closest(".lane")?.dataset.id);
function hover(e) {
  const show1 = inField(e);
  tip.hidden = line.hidden = !show1;
  if (!show1) return;
  const ms = timeAt(e.clientX),
    p = owner(e),
    span = p && known.spans[p.id]?.find(([a, b]) => ms >= a && ms <= b);
  line.style.left = e.clientX - $("#tracks").getBoundingClientRect().left + "px";
  peek.at(ms);
  const img = $("img", tip),
    near = p?.pictures.reduce((b, q) => (!b || Math.abs(q[1] - ms) < Math.abs(b[1] - ms) ? q : b), null);
  img.hidden = peek.good || !near;
  if (!img.hidden && img.dataset.of !== near[0]) {
    img.dataset.of = near[0];
    img.src = "/thumb/" + near[0];
  }
  $("span", tip).replaceChildren(
    span ? el("bdi", {}, label(p)) : "",
    el("small", {}, `${clock(ms)} · shot ${upper(known.shots, ms)}`),
  );
  const box = tip.getBoundingClientRect();
  tip.style.left = Math.max(4, Math.min(e.clientX + 14, innerWidth - box.width - 8)) + "px";
  tip.style.top =
    (e.clientY + 18 + box.height > innerHeight ? e.clientY - box.height - 12 : e.clientY + 18) + "px";
}
function away() {
  tip.hidden = line.hidden = true;
}
function press(e) {
  dragged = false;
  if (e.button || !inField(e)) return;
  const start = e.clientX,
    began = [from, to],
    pan = e.shiftKey || e.pointerType === "touch" || e.target === strip || axis.contains(e.target),
    off = new AbortController();
  if (e.pointerType !== "touch") e.preventDefault();
  let moved = false;
  addEventListener(
    "pointermove",
    (m) => {
      moved ||= Math.abs(m.clientX - start) > 4;
      if (!moved) return;
      const r = field();
      if (pan) {
        const d = ((m.clientX - start) / r.width) * (began[1] - began[0]);
        show(began[0] - d, began[1] - d);
        return;
      }
      const [a, b] = [
        Math.max(r.left, Math.min(start, m.clientX)),
        Math.min(r.right, Math.max(start, m.clientX)),
      ];
      mark.hidden = false;
      mark.style.left = a - $("#tracks").getBoundingClientRect().left + "px";
      mark.style.width = b - a + "px";
    },
    { signal: off.signal },
  );
  const end = (u, good) => {
    off.abort();
    dragged = moved;
    mark.hidden = true;
    if (!good) return;
    if (moved && !pan) {
      const ends = [timeAt(start), timeAt(u.clientX)].sort((a, b) => a - b);
      show(...ends);
    }
  };
  addEventListener("pointerup", (u) => end(u, true), { signal: off.signal });
  addEventListener("pointercancel", (u) => end(u, false), { signal: off.signal });
}
// A click plays; the click at the end of a drag belongs to the drag.
let dragged = false;
function click(e) {
  if (!inField(e) || dragged) return;
  const ms = timeAt(e.clientX),
    span = known.spans[owner(e)?.id]?.find(([a, b]) => ms >= a && ms <= b);
  away();
  play(null, ms + 300, span ? span[1] : null);
}
const tracks = $("#tracks");
tracks.addEventListener("click", click);
tracks.addEventListener("pointermove", hover);
tracks.addEventListener("pointerleave", away);
tracks.addEventListener("pointerdown", press);
tracks.addEventListener(
  "wheel",
  (e) => {
    if (!inField(e)) return;
    const across = Math.abs(e.deltaX) > Math.abs(e.deltaY) || e.shiftKey;
    // scrolling without keys is then for the list of people
    const scrolls = document.documentElement.scrollHeight > innerHeight + 4;
    if (!across && !e.ctrlKey && !e.metaKey && scrolls && e.target.closest(".lane")) return;
    e.preventDefault();
    across
      ? shift((e.deltaX || e.deltaY) / 1000)
      : zoom(Math.exp(Math.max(-100, Math.min(100, e.deltaY)) / 200), timeAt(e.clientX));
  },
  { passive: false },
);
new ResizeObserver(() => {
  if (S.tab === "timeline" && known.revision >= 0) drawRail();
}).observe(strip);
