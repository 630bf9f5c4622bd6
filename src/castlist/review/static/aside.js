"use strict";
// Set-aside tracks, by reason: restored as new people, or moved directly to a person.
import { $, S, button, decide, el, get, label, many, notify } from "./core.js";
import { pointing } from "./choose.js";
import { Grid } from "./grid.js";
import { pick } from "./pick.js";
import { faces, picturesOf } from "./tracks.js";
import { noCommands } from "./typing.js";

const SHOWN = 12; // faces shown in the dock
const reasons = new Map(); // why -> Grid
let drawn = -1;

function reason(why) {
  const grid = new Grid({ chosen: new Set(), changed: dock, name: why });
  pointing(grid.root, {
    items: () => [...grid.list.children],
    id: (li) => Number(li.firstChild.dataset.track),
    chosen: grid.chosen,
    changed: () => grid.mark(),
    handle: ".nothing",
    targets: ".nothing",
  });
  return grid;
}
export async function drawAside() {
  const revision = S.revision,
    list = $("#aside-list");
  if (drawn < 0)
    list.replaceChildren(
      el("p", { className: "empty loading", role: "status" }, "Loading what was set aside …"),
    );
  let groups;
  try {
    groups = await get("/api/aside");
  } catch (e) {
    list.replaceChildren();
    notify(e.message, true);
    return;
  }
  if (revision !== S.revision) return;
  for (const why of [...reasons.keys()]) if (!groups.some((g) => g.reason === why)) reasons.delete(why);
  const parts = groups.map((g) => {
    if (!reasons.has(g.reason)) reasons.set(g.reason, reason(g.reason));
    return el(
      "div",
      { className: "reason" },
      el(
        "h2",
        {},
        g.reason[0].toUpperCase() + g.reason.slice(1),
        el("span", { className: "soft" }, " · " + many(g.tracks.length, "track")),
      ),
      reasons.get(g.reason).root,
    );
  });
  await Promise.all(groups.map((g) => reasons.get(g.reason).show(g.tracks)));
  if (revision !== S.revision) return;
  drawn = revision;
  list.replaceChildren(...parts);
  $("#aside .empty:not(.loading)").hidden = groups.length > 0;
  dock();
}
const away = () => [...reasons.values()].flatMap((g) => [...g.chosen]);
const meant = () => {
  const chosen = away();
  return chosen.length ? chosen : [...reasons.values()].flatMap((g) => g.meant());
};
export const asideNone = () => {
  for (const g of reasons.values()) g.none();
};
const after = (decided) => {
  for (const g of reasons.values()) g.after(decided);
};
function takeBack() {
  const tracks = meant();
  if (!tracks.length) notify("Choose tracks first.", true);
  else after(decide({ action: "restore", tracks }, many(tracks.length, "track") + ": restored"));
}
function takeTo() {
  const tracks = meant();
  if (!tracks.length) noCommands("Choose tracks first.");
  else
    pick({
      heading: `Restore ${many(tracks.length, "track")} to`,
      free: false,
      verb: "Restore",
      pictures: picturesOf(tracks),
      done: (r) =>
        after(
          decide(
            { action: "restore", tracks, person: r.person.id },
            `${many(tracks.length, "track")}: restored to ${label(r.person)}`,
          ),
        ),
    });
}
function dock() {
  const box = $("#aside-dock"),
    tracks = away(),
    n = tracks.length;
  box.hidden = !n || S.tab !== "aside";
  if (n)
    box.replaceChildren(
      faces(tracks, SHOWN),
      el("span", {}, many(n, "track") + " chosen"),
      button("Restore to …", takeTo, { key: "v", className: "main" }),
      button("Restore", takeBack, { key: "b" }),
      button("Choose none", asideNone, { key: "esc" }),
    );
}
export const asideKeys = {
  b: takeBack,
  v: takeTo,
  Escape: asideNone,
  a: () => {
    for (const g of reasons.values()) g.all();
  },
};
