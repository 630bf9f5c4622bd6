"use strict";
// All keys, for the page with the list of keys.
import { el } from "./core.js";

const HELP = {
  Everywhere: [
    ["u, Ctrl Z", "undo"],
    ["r, Ctrl Shift Z", "redo"],
    ["p q t", "people, questions, timeline"],
    ["/", "search"],
    ["Esc", "close, or choose nobody"],
  ],
  Questions: [
    ["y n s f", "yes, no, not sure, no face"],
    ["1 2 3", "no, but that person"],
    ["Enter", "yes, the face belongs to this person"],
  ],
  "Names from files": [["y n s", "yes, no, not now"]],
  "Many faces at once": [
    ["arrows", "from face to face"],
    ["1 2 3 …", "it is that person"],
    ["0", "somebody else, nobody of these"],
    ["v", "another person"],
    ["n", "the others: nobody of these"],
    ["s f", "not sure, no face"],
    ["Enter", "confirm all"],
  ],
  "Who does not belong": [
    ["arrows, pointer", "from face to face"],
    ["1 2 3 …", "it is that person"],
    ["0, Space, x", "somebody else, or not"],
    ["f", "not a face"],
    ["w", "watch in the film"],
    ["e", "every track on its own"],
    ["s", "not sure about this person"],
    ["Enter", "confirm all others"],
  ],
  People: [
    ["j k ↑ ↓", "next, previous"],
    ["Enter", "open"],
    ["x", "choose, or not"],
    ["Shift ↑ ↓", "choose on the way"],
    ["Ctrl A", "choose all"],
    ["m", "merge the chosen"],
    ["d", "never one person"],
    ["n", "name; several: merge and name"],
    ["y w", "the proposed name: yes, no"],
    ["1 2 3 …", "after naming: this person too"],
    ["s", "sort everybody by likeness"],
    ["b", "to the background and back"],
    ["h", "hide"],
    ["f", "not a face"],
    ["drag", "a person onto another: merge; over free ground: choose"],
  ],
  "A person’s tracks": [
    ["arrows", "from track to track"],
    ["Space", "choose, or not"],
    ["Shift arrows", "choose on the way"],
    ["Ctrl A", "choose all"],
    ["Enter", "play"],
    ["y", "right: this person"],
    ["w", "wrong: somebody else"],
    ["c", "picture of this person"],
    ["v", "move to somebody"],
    ["o", "a person of their own"],
    ["d", "these two are different"],
    ["f", "not a face"],
  ],
  "Set aside": [
    ["b", "restore"],
    ["v", "restore to somebody"],
  ],
  "The film": [
    ["Space", "play, pause"],
    [", .", "frame back, frame on"],
    ["j k", "next, previous face: chooses it"],
    ["[ ]", "earlier, later appearance"],
    ["n m b h f", "as with people"],
    ["v", "only this face is somebody else"],
  ],
  Timeline: [
    ["+ −", "zoom; also Ctrl and wheel, or drag"],
    ["← →", "earlier, later; also drag the strip of shots"],
    ["0", "whole film"],
  ],
};
export const KEYS_HELP = () =>
  Object.entries(HELP).map(([where, keys]) =>
    el(
      "section",
      {},
      el("h3", {}, where),
      el("dl", {}, ...keys.flatMap(([k, v]) => [el("dt", {}, el("kbd", {}, k)), el("dd", {}, v)])),
    ),
  );
