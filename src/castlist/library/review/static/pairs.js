"use strict";
// A page of pairs of people who may be the same person.
import { $, $$, button, el, many } from "./core.js";
import { filmFaces } from "./faces.js";
import { Paged } from "./paged.js";
import { showPerson } from "./people.js";
import { S, act } from "./state.js";
import { shownAt } from "./tabs.js";

const same = new Set(); // ids of the marked pairs

const pairs = new Paged("/api/pairs", (page) => {
  $("[data-tab=pairs] .n").textContent = page.count ? page.count.toLocaleString("en") : "";
  const present = new Set(shown().map((pair) => pair.id));
  for (const id of [...same]) if (!present.has(id)) same.delete(id);
});
export const loadPairs = (revision) => pairs.load(revision);
export async function drawPairs() {
  await pairs.load(S.revision);
  show();
}
const shown = () =>
  pairs.page.groups.flatMap((g) =>
    g.others.map((o) => ({
      id: `${g.members[0].member} ${o.member}`,
      sides: [g.members[0].member, o.member],
    })),
  );
function show(focused = "") {
  const page = pairs.page,
    all = shown(),
    marked = all.filter((pair) => same.has(pair.id)).length,
    rest = all.length - marked;
  const text = !marked
    ? rest === 1
      ? "They are two people"
      : `All ${rest} are different people`
    : !rest
      ? marked === 1
        ? "They are the same person"
        : `All ${marked} are the same people`
      : `${marked} ${marked === 1 ? "is" : "are"} the same, the other ` +
        `${rest === 1 ? "one is" : rest + " are"} different people`;
  $("#pairs").replaceChildren(
    ...(all.length
      ? [
          el("h2", { className: "ask" }, "Who is the same person?"),
          el(
            "p",
            { className: "soft ask" },
            "Click a film in a frame if it shows the same person as the films beside it. ",
            page.count > all.length
              ? `These are ${all.length} of ${page.count.toLocaleString("en")} pairs, those first that ` +
                  `castlist asks about.`
              : "",
          ),
          ...page.groups.map(group),
          el(
            "footer",
            { className: "confirm" },
            button(text, () => judge(true), { className: "main", key: "Enter" }),
            marked && rest ? button("Leave the rest open", () => judge(false)) : "",
          ),
        ]
      : [
          el(
            "p",
            { className: "empty" },
            "There are no pairs to look at: all people of one film were compared.",
          ),
        ]),
  );
  if (focused)
    $$("#pairs button.own-film")
      .find((o) => o.dataset.pair === focused)
      ?.focus({ preventScroll: true });
}
function group(g) {
  return el(
    "article",
    { className: "link-group" },
    el(
      "h3",
      {},
      el("bdi", {}, g.name),
      button("All films", () => showPerson(g.id)),
    ),
    el(
      "div",
      { className: "own-films" },
      ...g.members.map((m) => el("div", { className: "own-film fixed" }, ...filmFaces(m))),
    ),
    el("div", { className: "own-films" }, ...g.others.map((o) => tile(g, o))),
  );
}
function tile(g, o) {
  const id = `${g.members[0].member} ${o.member}`,
    pressed = same.has(id);
  const b = button(
    "",
    (e) => {
      pressed ? same.delete(id) : same.add(id);
      show(e.detail ? "" : id);
    },
    {
      className: "own-film",
      ariaPressed: String(pressed),
      title: `${o.name} in ${o.film}`,
      ariaLabel: `${o.name} in ${o.film} is ${g.name}`,
    },
  );
  b.dataset.pair = id;
  b.append(...filmFaces(o));
  return b;
}
function judge(rest) {
  if (!pairs.ready(S.revision, shownAt)) return; // these pairs were not visible long enough
  const all = shown(),
    marked = all.filter((pair) => same.has(pair.id)),
    others = rest ? all.filter((pair) => !same.has(pair.id)) : [];
  const text = [
    ...(marked.length ? [many(marked.length, "pair") + " the same person"] : []),
    ...(others.length ? [many(others.length, "pair") + " different people"] : []),
  ].join(", ");
  act(
      "judge",
      { same: marked.map((p) => p.sides), different: others.map((p) => p.sides) },
      text[0].toUpperCase() + text.slice(1) + ".",
    )
    .then((ok) => {
      if (ok) scrollTo(0, 0);
    });
}
// Handle a key on the pairs; returns whether the key was used
export function answerPairs(key, target) {
  if (!pairs.page?.groups.length || key !== "Enter" || target.closest("button")) return false;
  judge(true);
  return true;
}
