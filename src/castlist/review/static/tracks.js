"use strict";
// Descriptions of tracks: requested once, since they do not change while castlist runs.
import { el, face, get } from "./core.js";

const known = new Map();
export const track = (id) => known.get(id);

export async function describe(ids) {
  const asked = ids.filter((t) => !known.has(t));
  for (let i = 0; i < asked.length; i += 500) {
    for (const t of await get("/api/tracks?of=" + asked.slice(i, i + 500).join(","))) known.set(t.track, t);
  }
  return ids.map((t) => known.get(t));
}

// Pictures that represent tracks: of a single track all its pictures, of several one each; known tracks only.
export function picturesOf(ids) {
  const found = ids.map(track).filter(Boolean);
  return found.length === 1 ? found[0].pictures : found.map((t) => t.pictures[0]);
}

// Small faces of tracks: known ones immediately, others when their descriptions arrive.
export function faces(ids, most, props = {}) {
  const list = el("span", { className: "chosen", ...props });
  const fill = (found) =>
    list.replaceChildren(
      ...found.filter(Boolean).map((t) => face(t.pictures[0])),
      ids.length > most
        ? el("span", { className: "soft" }, "+" + (ids.length - most).toLocaleString("en"))
        : "",
    );
  const some = ids.slice(0, most);
  fill(some.map(track));
  if (some.some((t) => !track(t))) describe(some).then(fill, () => {});
  return list;
}
