"use strict";
// Links between films that no user confirmed, to mark the wrong ones.
import { $, button, el, many } from "./core.js";
import { filmFaces, filmTile, named } from "./faces.js";
import { Paged } from "./paged.js";
import { naming, showPerson } from "./people.js";
import { S, act } from "./state.js";
import { shownAt, tab } from "./tabs.js";

// The film-people that the user marks as wrong; the page has the least similar faces first.
const wrong = new Set();
const links = new Paged("/api/links", () => {
  for (const m of [...wrong]) if (!shownLinks().includes(m)) wrong.delete(m);
});
export const loadLinks = (revision) => links.load(revision);
export async function drawLinks() {
  await links.load(S.revision);
  if (tab === "links") showLinks();
}
const shownLinks = () => links.page.groups.flatMap((g) => g.links.map((m) => m.member));
function showLinks() {
  const page = links.page,
    shown = shownLinks(),
    out = shown.filter((m) => wrong.has(m)).length,
    rest = shown.length - out;
  const text = !out
    ? rest === 1
      ? "It is the same person"
      : `All ${rest} are the same people`
    : !rest
      ? `All ${out} are somebody else`
      : `${out} ${out === 1 ? "is" : "are"} somebody else, the other ` +
        `${rest === 1 ? "one is" : rest + " are"} right`;
  $("#links").replaceChildren(
    ...(shown.length
      ? [
          el("h2", { className: "ask" }, "Who does not belong?"),
          el(
            "p",
            { className: "soft ask" },
            "castlist linked these people by their faces. Click a film in a frame if it shows somebody " +
              "else than that person's other films. ",
            page.count > shown.length
              ? `These ${shown.length} of ${page.count.toLocaleString("en")} links are the least alike.`
              : "",
          ),
          ...page.groups.map(linkGroup),
          el(
            "footer",
            { className: "confirm" },
            button(text, confirmLinks, { className: "main", key: "Enter" }),
          ),
        ]
      : [
          el(
            "p",
            { className: "empty" },
            S.films > 1
              ? "You have confirmed every link between films."
              : "There are no links between films yet.",
          ),
        ]),
  );
}
function linkGroup(g) {
  return el(
    "article",
    { className: "link-group" },
    el(
      "h3",
      {},
      named(g),
      naming(g),
      button("All films", () => showPerson(g.id)),
    ),
    el(
      "div",
      { className: "own-films" },
      ...g.others.map((m) => el("div", { className: "own-film fixed" }, ...filmFaces(m))),
    ),
    el("div", { className: "own-films" }, ...g.links.map((m) => filmTile(m, g.name, wrong, showLinks))),
  );
}
function confirmLinks() {
  if (!links.ready(S.revision, shownAt)) return; // these links were not visible long enough
  const shown = shownLinks(),
    out = shown.filter((m) => wrong.has(m)),
    right = shown.filter((m) => !wrong.has(m));
  const text = [
    ...(right.length ? [many(right.length, "link") + " confirmed"] : []),
    ...(out.length ? [many(out.length, "link") + " taken apart"] : []),
  ].join(", ");
  return act("confirm", { right, wrong: out }, text[0].toUpperCase() + text.slice(1) + ".").then((ok) => {
    if (ok) scrollTo(0, 0);
  });
}
// Handle Enter on the links; returns whether the key was used
export function answerLinks(key, target) {
  if (key !== "Enter" || target.closest("button") || !links.page?.groups.length) return false;
  confirmLinks();
  return true;
}
