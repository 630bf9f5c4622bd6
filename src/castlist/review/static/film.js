"use strict";
// The film, with everybody's face framed in time, and who is in the picture.
import { $, S, arrange, button, clock, el, get, hue, label, onNews, person } from "./core.js";

const PIECE = 20000; // milliseconds of boxes asked for at once
const GONE = 160; // milliseconds after which a box is old
const dialog = $("#player"), video = $("video", dialog), canvas = $("canvas", dialog), cast = $("#playing"), said = $("#unplayable");
let pieces = new Map(), asked = null, now = 0, shown = "";
let openPerson = () => {};
export const onOpen = (run) => { openPerson = run; };

export function play(track, ms) {
  asked = track;
  if (!video.getAttribute("src")) video.src = "/film";
  if (!dialog.open) dialog.showModal();
  video.focus();
  const from = Math.max(0, ms / 1000 - 0.3);
  video.currentTime = from;
  draw(from * 1000);
  video.play().catch(() => {});
}

async function piece(k) {
  if (k < 0 || k * PIECE > S.film.ms || pieces.has(k)) return;
  const own = pieces;
  own.set(k, []);
  try { own.set(k, await get(`/api/faces?from=${k * PIECE}&to=${(k + 1) * PIECE}`)); } catch { own.delete(k); return; }
  if (own === pieces) draw(now);
}

// The last box of a track that is not after a time; boxes are [ms, left, top, width, height].
function boxAt(boxes, ms) {
  let low = 0, high = boxes.length;
  while (low < high) { const mid = (low + high) >> 1; boxes[mid][0] <= ms + 1 ? (low = mid + 1) : (high = mid); }
  return low && ms - boxes[low - 1][0] < GONE ? boxes[low - 1] : null;
}

function draw(ms) {
  now = ms;
  const k = Math.floor(ms / PIECE), scale = devicePixelRatio || 1;
  piece(k);
  piece(k + 1);
  const ratio = S.film.width / S.film.height || 1, outer = video.getBoundingClientRect();
  const w = Math.min(outer.width, outer.height * ratio), h = w / ratio;
  canvas.width = Math.round(w * scale);
  canvas.height = Math.round(h * scale);
  Object.assign(canvas.style, { width: w + "px", height: h + "px", left: (outer.width - w) / 2 + "px", top: (outer.height - h) / 2 + "px" });
  const pen = canvas.getContext("2d"), seen = [];
  pen.scale(scale, scale);
  for (const face of pieces.get(k) || []) {
    const b = boxAt(face.boxes, ms);
    if (b) { seen.push(face); frame(pen, face, b[1] * w, b[2] * h, b[3] * w, b[4] * h); }
  }
  who(seen);
}

const ofPerson = (face) => face.person !== null && person(face.person);
function frame(pen, face, x, y, w, h) {
  const p = ofPerson(face), main = face.track === asked;
  const colour = p ? getComputedStyle(document.documentElement).getPropertyValue("--over" + hue(p)) : "#bbb";
  for (const [style, width] of [["rgb(0 0 0 / .65)", main ? 6 : 4], [colour, main ? 3.5 : 2]]) {
    pen.strokeStyle = style;
    pen.lineWidth = width;
    pen.setLineDash(p ? [] : [6, 4]);
    pen.strokeRect(x, y, w, h);
  }
  if (!p) return;
  const text = label(p).length > 24 ? label(p).slice(0, 23) + "…" : label(p);
  pen.font = "600 13px system-ui, sans-serif";
  const wide = pen.measureText(text).width + 10, top = y > 22 ? y - 20 : y + h + 2;
  pen.fillStyle = "rgb(0 0 0 / .75)";
  pen.fillRect(x - 1, top, wide, 18);
  pen.fillStyle = "#fff";
  pen.fillText(text, x + 4, top + 13);
}

function who(seen) {
  const ids = [...new Set(seen.map((f) => f.person).filter((id) => id && person(id)))].sort();
  const key = ids.map((id) => id + label(person(id))).join();
  if (key === shown) return;
  shown = key;
  arrange(cast, ids.map((id) => {
    const b = button("", () => { dialog.close(); openPerson(id); }, { className: "who d" + hue(person(id)) });
    b.append(el("bdi", {}, label(person(id))));
    return b;
  }));
}

onNews(() => { pieces = new Map(); shown = ""; if (dialog.open) draw(now); });
video.addEventListener("error", () => { said.textContent = "This browser cannot play the film, or the film is not where it was; the pictures are all there is."; });
video.addEventListener("loadedmetadata", () => { said.textContent = ""; });
dialog.addEventListener("close", () => video.pause());
new ResizeObserver(() => { if (dialog.open && S.film) draw(now); }).observe(video);
if (video.requestVideoFrameCallback) {
  const step = (_, frame) => { draw(frame.mediaTime * 1000); video.requestVideoFrameCallback(step); };
  video.requestVideoFrameCallback(step);
} else {
  for (const e of ["timeupdate", "seeked"]) video.addEventListener(e, () => draw(video.currentTime * 1000));
}

// A still of the film under the pointer: seeks one after another, always to the newest place asked for.
export class Peek {
  constructor() {
    this.video = el("video", { muted: true, playsInline: true, preload: "metadata", ariaHidden: "true", tabIndex: -1 });
    this.wanted = null;
    this.good = true;
    this.video.addEventListener("seeked", () => this.next());
    this.video.addEventListener("loadeddata", () => this.next());
    this.video.addEventListener("error", () => { this.good = false; this.video.hidden = true; });
  }
  at(ms) {
    if (!this.video.getAttribute("src")) this.video.src = "/film";
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
