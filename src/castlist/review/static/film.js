"use strict";
// The film: a frame around each face, which can be clicked, the people in the picture, keys to step by frame,
// face and appearance.
import { $, S, arrange, button, clock, el, face, get, hue, label, onNews, person, notify } from "./core.js";
import { named } from "./address.js";
import { describe } from "./tracks.js";
import { attach, onSource, trouble } from "./source.js";

const PIECE = 20000; // milliseconds of boxes in a request
const shot = () => 1000 / (S.film.rate || 25); // approximate duration of a frame in milliseconds
const CONTROLS = 56; // pixels at the foot of the picture for the browser's own controls
const dialog = $("#player"),
  video = $("video", dialog),
  canvas = $("canvas", dialog),
  layer = $("#hits"),
  cast = $("#playing"),
  time = $("#timecode"),
  notice = $("#unplayable");
let pieces = new Map(),
  asked = null,
  stop = null,
  now = 0,
  shown = "",
  faces = [];
let openPerson = () => {},
  chooser = { chosen: new Set(), choose: () => {}, only: () => {} };
export const onOpen = (run) => {
  openPerson = run;
};
export const onChoose = (by) => {
  chooser = by;
};
const open = named(dialog, "film", ([ms, track]) => show(track === undefined ? null : track, ms));

// Milliseconds played before an appearance. A track starts with its first frame: the frames before it may be
// of another shot.
const LEAD = 300,
  WITHIN = 4; // milliseconds into that frame, since times are rounded
// Play from a time: to the end of a track, to the end of an appearance, or on.
export async function play(track, ms, end = null) {
  show(track, ms, end);
  if (track === null || end !== null) return;
  const [t] = await describe([track]).catch(() => []);
  if (t && asked === track) stop = t.stop;
}
function show(track, ms, end = null) {
  asked = track;
  stop = end;
  attach(video);
  open([Math.round(ms), ...(track === null ? [] : [track])]);
  video.focus();
  seek(track === null ? Math.max(0, ms - LEAD) : ms + WITHIN);
  video.play().catch((e) => {
    // not after a pause, or the film would continue
    if (e.name !== "NotAllowedError") return;
    video.muted = true;
    video.play().catch(() => {});
  });
}
function seek(ms) {
  video.currentTime = ms / 1000;
  draw(ms);
}

async function piece(k) {
  if (k < 0 || k * PIECE > S.film.ms || pieces.has(k)) return;
  const loading = pieces;
  loading.set(k, []);
  try {
    loading.set(k, await get(`/api/faces?from=${k * PIECE}&to=${(k + 1) * PIECE}`));
  } catch {
    loading.delete(k);
    return;
  }
  if (loading === pieces) draw(now);
}

// For a film of variable rate: start times of the frames in each piece, with the frames before and after, in
// milliseconds.
const starts = new Map();
const variable = () => !S.film.timebase;
function framesOf(k) {
  if (!starts.has(k)) {
    const asking = get(`/api/frames?from=${k * PIECE}&to=${(k + 1) * PIECE}`).then((times) => {
      starts.set(k, times);
      redraw();
      return times;
    });
    asking.catch(() => starts.delete(k));
    starts.set(k, asking);
  }
  return starts.get(k);
}
// The index of the frame shown at a time in a list of start times; half a millisecond for rounding.
const frameAt = (times, ms) => times.findLastIndex((t) => t <= ms + 0.5);
// The start of the frame shown at a time, or the time itself if unknown.
function began(ms) {
  const times = variable() && starts.get(Math.floor(ms / PIECE));
  return (Array.isArray(times) ? times[frameAt(times, ms)] : null) ?? ms;
}

// The last box of a track at or before a time; boxes are [ms, left, top, width, height].
function boxAt(boxes, ms) {
  let low = 0,
    high = boxes.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    boxes[mid][0] <= ms + 1 ? (low = mid + 1) : (high = mid);
  }
  return low && ms - boxes[low - 1][0] < 1.5 * shot() ? boxes[low - 1] : null;
}

function draw(ms) {
  now = ms;
  const k = Math.floor(ms / PIECE),
    scale = devicePixelRatio || 1;
  piece(k);
  piece(k + 1);
  if (variable()) framesOf(k);
  const ratio = S.film.width / S.film.height || 1,
    outer = video.getBoundingClientRect();
  const w = Math.min(outer.width, outer.height * ratio),
    h = w / ratio;
  const place = {
    width: w + "px",
    height: h + "px",
    left: (outer.width - w) / 2 + "px",
    top: (outer.height - h) / 2 + "px",
  };
  canvas.width = Math.round(w * scale);
  canvas.height = Math.round(h * scale);
  Object.assign(canvas.style, place);
  Object.assign(layer.style, place);
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  faces = [];
  for (const f of pieces.get(k) || []) {
    const b = boxAt(f.boxes, began(ms));
    if (b)
      faces.push({ track: f.track, person: f.person, x: b[1] * w, y: b[2] * h, w: b[3] * w, h: b[4] * h });
  }
  for (const f of faces) frame(pen, f);
  hits(h);
  showPeople();
  time.textContent = written(began(ms));
}

const ofPerson = (f) => (f.person !== null && person(f.person)) || null;
const isChosen = (f) => f.person !== null && chooser.chosen.has(f.person);
function frame(pen, f) {
  const p = ofPerson(f),
    main = f.track === asked || isChosen(f);
  const colour = p ? getComputedStyle(document.documentElement).getPropertyValue("--over" + hue(p)) : "#bbb";
  for (const [style, width] of [
    ["rgb(0 0 0 / .65)", main ? 6 : 4],
    [colour, main ? 3.5 : 2],
  ]) {
    pen.strokeStyle = style;
    pen.lineWidth = width;
    pen.setLineDash(p ? [] : [6, 4]);
    pen.strokeRect(f.x, f.y, f.w, f.h);
  }
  if (!p) return;
  const text = (isChosen(f) ? "✓ " : "") + (label(p).length > 24 ? label(p).slice(0, 23) + "…" : label(p));
  pen.font = "600 13px system-ui, sans-serif";
  const wide = pen.measureText(text).width + 10,
    top = f.y > 22 ? f.y - 20 : f.y + f.h + 2;
  pen.fillStyle = "rgb(0 0 0 / .75)";
  pen.fillRect(f.x - 1, top, wide, 18);
  pen.fillStyle = "#fff";
  pen.fillText(text, f.x + 4, top + 13);
}

// A button over each face of a person: a click chooses that person, with Shift or Ctrl in addition to others.
const nodes = new Map();
function hits(height) {
  const here = new Set(faces.filter(ofPerson).map((f) => f.track));
  for (const [t, node] of nodes)
    if (!here.has(t)) {
      node.remove();
      nodes.delete(t);
    }
  for (const f of faces) {
    const p = ofPerson(f);
    if (!p) continue;
    const node = nodes.get(f.track) || hit(f.track);
    node.dataset.person = f.person;
    node.ariaLabel = "Choose " + label(p);
    node.ariaPressed = String(isChosen(f));
    Object.assign(node.style, {
      left: f.x + "px",
      top: f.y + "px",
      width: f.w + "px",
      height: Math.max(0, Math.min(f.h, height - CONTROLS - f.y)) + "px",
    });
  }
}
function hit(track) {
  const node = el("button", { type: "button", className: "hit" });
  node.dataset.track = track;
  node.addEventListener("click", (e) =>
    chooseFace(track, node.dataset.person, e.shiftKey || e.ctrlKey || e.metaKey),
  );
  nodes.set(track, node);
  layer.append(node);
  return node;
}
function chooseFace(track, id, beside) {
  video.pause();
  asked = track;
  describe([track]).catch(() => {}); // the user sees the result
  if (!beside) {
    chooser.only(id, track);
  } else chooser.choose(id, !chooser.chosen.has(id));
  draw(now);
}
// The face clicked last, while its person is chosen: an action may be about this track alone.
export const clicked = () =>
  dialog.open && asked !== null ? faces.find((f) => f.track === asked && isChosen(f)) || null : null;

function showPeople() {
  const ids = [...new Set(faces.map((f) => f.person).filter((id) => id && person(id)))].sort();
  const key = ids.map((id) => id + label(person(id))).join();
  if (key === shown) return;
  shown = key;
  arrange(
    cast,
    ids.map((id) => {
      const b = button(
        "",
        () => {
          dialog.close();
          openPerson(id);
        },
        { className: "who d" + hue(person(id)), title: "Open " + label(person(id)) },
      );
      b.append(el("bdi", {}, label(person(id))));
      return b;
    }),
  );
}

// Time as in editing programs, if the film has timecode or a constant rate; else to the millisecond.
function written(ms) {
  const base = S.film.timebase;
  if (!base) return clock(ms) + "." + String(Math.floor(ms % 1000)).padStart(3, "0");
  const count = Math.round(base.rate),
    day = base.drop ? 24 * (3600 * count - 54 * (count / 15)) : 86400 * count;
  let n =
    (Math.round(base.origin * base.rate) +
      Math.round((ms / 1000 - base.origin) * base.rate) +
      base.start +
      day) %
    day;
  if (base.drop) {
    // numbers skipped by drop-frame timecode [SMPTE ST 12-1]
    const gap = count / 15,
      tens = Math.floor(n / (600 * count - 9 * gap)),
      rest = n % (600 * count - 9 * gap);
    n += gap * (9 * tens + Math.floor(Math.max(0, rest - gap) / (60 * count - gap)));
  }
  const two = (v) => String(v).padStart(2, "0"),
    s = Math.floor(n / count);
  return (
    `${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` +
    `${base.drop ? ";" : ":"}${two(n % count)}`
  );
}

// Keys
// A step starts at the frame shown, or during a seek at its target.
function step(by) {
  video.pause();
  stop = null;
  if (variable()) {
    steps = steps.then(() => stepTo(by)).catch((e) => notify(e.message, true));
    return;
  }
  const from = video.seeking ? video.currentTime * 1000 : now;
  seek(Math.max(0, Math.min(S.film.ms - 1, from + by * shot() + 1)));
}
// For films of variable rate: seek to the middle of the frame before or after, one step at a time.
let steps = Promise.resolve();
async function stepTo(by) {
  const from = video.seeking ? video.currentTime * 1000 : now,
    times = await framesOf(Math.floor(from / PIECE));
  const to = Math.max(0, frameAt(times, from)) + by;
  if (to >= 0 && to + 1 < times.length) seek((times[to] + times[to + 1]) / 2);
}
function nextFace(by) {
  const order = faces.filter(ofPerson).sort((a, b) => a.x - b.x);
  if (!order.length) {
    notify("There is no face of a person in this picture.");
    return;
  }
  const at = order.findIndex((f) => f.track === asked && isChosen(f)),
    next = order[(at + by + order.length + (at < 0 && by < 0 ? 1 : 0)) % order.length];
  chooseFace(next.track, next.person, false);
}
async function nextStay(by) {
  const chosen =
    [...chooser.chosen][0] ?? ofPerson(faces.find((f) => f.track === asked) || { person: null })?.id;
  const p = person(chosen);
  if (!p) {
    notify("Choose a face first: click it, or press j.");
    return;
  }
  let spans;
  try {
    spans = (await get("/api/person/" + p.id)).spans;
  } catch (e) {
    notify(e.message, true);
    return;
  }
  const next = by > 0 ? spans.find(([a]) => a > now + 400) : spans.findLast(([a]) => a < now - 1500);
  if (!next) {
    notify(`${label(p)} has no ${by > 0 ? "later" : "earlier"} appearance.`);
    return;
  }
  asked = null;
  stop = next[1];
  seek(next[0]);
  video.play().catch(() => {});
}
export const filmKeys = {
  " ": () => {
    stop = null;
    video.paused ? video.play().catch(() => {}) : video.pause();
  },
  ".": () => step(1),
  ",": () => step(-1),
  j: () => nextFace(1),
  k: () => nextFace(-1),
  "]": () => nextStay(1),
  "[": () => nextStay(-1),
};
for (const [text, title, run] of [
  ["«", "Earlier appearance ([)", () => nextStay(-1)],
  ["‹", "Frame back (,)", () => step(-1)],
  ["›", "Frame on (.)", () => step(1)],
  ["»", "Later appearance (])", () => nextStay(1)],
]) {
  $("#steps").append(button(text, run, { title, ariaLabel: title }));
}

function trim() {
  const words = trouble();
  const typing = notice.contains(document.activeElement) && document.activeElement.matches("input");
  if (!typing || !words) notice.replaceChildren(...(words ? [words] : []));
  $(".screen", dialog).classList.toggle("dark", Boolean(words));
}
onSource(trim);
onNews(() => {
  pieces = new Map();
  shown = "";
  $("#player-h").replaceChildren(el("bdi", {}, S.film.title));
  if (dialog.open) draw(now);
});
export const redraw = () => {
  if (dialog.open && S.film) draw(now);
};
dialog.addEventListener("close", () => {
  video.pause();
  stop = null;
});
// The browser reacts to the release of the space bar, too, and would pause what the key plays.
addEventListener(
  "keyup",
  (e) => {
    if (e.key === " " && e.target === video) e.stopImmediatePropagation();
  },
  { capture: true },
);
new ResizeObserver(() => redraw()).observe(video);
// A frame of an earlier seek may be reported late, even after the last seek has ended.
function outdated(ms) {
  const at = video.currentTime * 1000,
    since = at - ms;
  return (
    (video.paused || video.seeking) &&
    (variable() ? Math.abs(began(at) - ms) > 1 : since < -1 || since >= shot())
  );
}
function passed(frame) {
  const ms = outdated(frame) ? video.currentTime * 1000 : frame;
  draw(ms);
  if (stop !== null && ms >= stop - 1.2 * shot() && !video.paused) {
    video.pause();
    stop = null;
  }
}
if (video.requestVideoFrameCallback) {
  const next = (_, f) => {
    passed(f.mediaTime * 1000);
    video.requestVideoFrameCallback(next);
  };
  video.requestVideoFrameCallback(next);
} else {
  for (const e of ["timeupdate", "seeked"]) video.addEventListener(e, () => passed(video.currentTime * 1000));
}

// A still of the film under the pointer: one seek at a time, always to the latest position.
export class Peek {
  constructor() {
    this.video = el("video", {
      muted: true,
      playsInline: true,
      preload: "metadata",
      ariaHidden: "true",
      tabIndex: -1,
    });
    this.wanted = null;
    this.video.addEventListener("seeked", () => this.next());
    this.video.addEventListener("loadeddata", () => {
      this.video.hidden = !this.video.videoWidth;
      this.next();
    });
    this.video.addEventListener("error", () => {
      this.video.hidden = true;
    });
  }
  get good() {
    return !this.video.hidden && this.video.hasAttribute("src");
  }
  at(ms) {
    attach(this.video);
    this.wanted = ms / 1000;
    if (!this.video.seeking) this.next();
  }
  next() {
    if (this.wanted === null || !this.video.readyState) return;
    const to = this.wanted;
    this.wanted = null;
    if (Math.abs(this.video.currentTime - to) > 0.005) this.video.currentTime = to;
  }
}
