"use strict";
// The card of an item: its face, the people that it may show, and the other possible answers.
import { NONE, choose, decideFate, unknown } from "./answers.js";
import { button, clock, el, face, label, many, person } from "./core.js";
import { play } from "./film.js";

const called = (id) => (person(id) ? label(person(id)) : "new person above");
// `alone`: no item of the batch is most probably a known person; `does` has functions for the item: answer,
// another, touch.
export function card(i, alone, does) {
  const known = person(i.of),
    options = i.shown.map((t, j) => option(i, j, face(t.pictures[0]), called(t.person), does));
  options.push(
    option(
      i,
      NONE,
      el("span", { className: "face nobody", ariaHidden: "true" }, "?"),
      unknown(i) ? ["nobody of these"] : ["some", el("wbr"), "body else"],
      does,
    ),
  );
  const title = !i.whole
    ? `A face of ${called(i.of)} at ${clock(i.track.start)}`
    : known?.tracks > 1
      ? `All of ${called(i.of)}, ${many(known.tracks, "track")}`
      : `${called(i.of)}, seen once`;
  const question =
    unknown(i) && !alone ? el("p", { className: "known" }, "Is this somebody you know already?") : "";
  // for a whole person pictures of different tracks
  const others = i.whole && known ? known.pictures.filter((q) => q[2] !== i.track.track) : [];
  const node = el(
    "div",
    { className: "card", role: "group", ariaLabel: title },
    el(
      "div",
      { className: "it" },
      playButton(i.track, title, others),
      button("▶ " + clock(i.track.start), () => play(i.track.track, i.track.start), {
        className: "play",
        tabIndex: -1,
        ariaLabel: "Play at " + clock(i.track.start),
      }),
    ),
    el(
      "div",
      {},
      el("p", { className: "soft whole" }, el("bdi", {}, title)),
      question,
      el("div", { className: options.length > 5 ? "options" : "options one-row" }, ...options),
      el(
        "p",
        { className: "fates" },
        ...[
          ["unsure", "Not sure", "s"],
          ["not-a-face", "Not a face", "f"],
        ].map(([fate, text, key]) => {
          const b = button(text, () => does.answer(i, () => decideFate(i, fate)), { key });
          b.dataset.fate = fate;
          return b;
        }),
        button("Another person …", () => does.another(i), { key: "v" }),
      ),
    ),
  );
  for (const touched of ["focusin", "pointerdown"])
    node.addEventListener(touched, () => does.touch(i)); // the film was watched, too
  return node;
}
function playButton(t, title, others) {
  const b = button("", () => play(t.track, t.start), {
    className: "look",
    tabIndex: -1,
    ariaLabel: "Play: " + title,
  });
  b.append(
    face(t.pictures[0], title),
    ...[...others, ...t.pictures.slice(1)].slice(0, 3).map((q) => face(q)),
  );
  return b;
}
function option(i, j, picture, text, does) {
  const b = el(
    "button",
    { type: "button", title: j === NONE ? "None of these people" : text },
    picture,
    el("bdi", {}, ...[text].flat()),
    el("kbd", {}, j === NONE ? "0" : String(j + 1)),
  );
  b.dataset.pick = j;
  b.addEventListener("click", () => {
    does.answer(i, () => choose(i, j));
    b.focus();
  });
  return b;
}
