"use strict";
// The decisions, newest first: people, author and time; any of them can be undone.
import { $, S, button, el, face, get, isolated, many, notify, takeBack } from "./core.js";
import { play } from "./film.js";
import { describe } from "./tracks.js";

const FACES = 4; // of a decision
const when = new Intl.DateTimeFormat(navigator.languages, { dateStyle: "medium", timeStyle: "short" });

export async function drawHistory() {
  let rows, tracks;
  try {
    rows = await get("/api/history");
    tracks = new Map(
      (await describe([...new Set(rows.flatMap((d) => (d.tracks || []).slice(0, FACES)))])).map((t) => [
        t.track,
        t,
      ]),
    );
  } catch (e) {
    notify(e.message, true);
    return;
  }
  const warn = [
    ...S.conflicts,
    ...(S.missing
      ? [many(S.missing, "decision is", "decisions are") + " about faces that were not found in this film."]
      : []),
  ];
  $("#history-list").replaceChildren(
    ...warn.map((w) => el("p", { className: "warn" }, "⚠ ", ...isolated(w))),
    rows.length
      ? el("ol", { className: "log" }, ...rows.map((d) => row(d, tracks)))
      : el("p", { className: "empty" }, "There are no decisions yet."),
  );
}
function row(d, tracks) {
  const shown = (d.tracks || [])
    .slice(0, FACES)
    .map((t) => tracks.get(t))
    .filter(Boolean)
    .map((t) => {
      const b = button("", () => play(t.track, t.start), { className: "look", ariaLabel: "Play" });
      b.append(face(t.pictures[0]));
      return b;
    });
  const again = d.what.startsWith("undid");
  return el(
    "li",
    {},
    el("div", { className: "about" }, ...shown),
    el(
      "div",
      { className: "what" },
      el(
        "span",
        { className: d.undone ? "gone" : "" },
        el("span", { className: "soft" }, d.id + ". "),
        el("bdi", {}, d.who ? d.who + ": " : ""),
        el("bdi", {}, ...isolated(d.what)),
        d.undone ? el("span", { className: "unseen" }, " (undone)") : "",
      ),
      el("time", { dateTime: d.when }, d.when ? when.format(new Date(d.when)) : ""),
    ),
    d.undone
      ? el("span", { className: "soft" }, "undone")
      : button(again ? "Do again" : "Undo", () => takeBack([d.id], d.what), {
          ariaLabel: `${again ? "Do again" : "Undo"} ${d.id}: ${d.what}`,
        }),
  );
}
