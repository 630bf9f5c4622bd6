"use strict";
// Names that files propose, stored in the films' workspaces
import { $, button, el, get, many } from "./core.js";
import { playButton } from "./faces.js";
import { act } from "./state.js";

let turns = 0;
export async function drawProposals() {
  const turn = ++turns;
  let answer;
  try {
    answer = await get("/api/proposals");
  } catch {
    return;
  }
  if (turn !== turns) return;
  const rows = answer.proposals;
  $("#proposals").replaceChildren(
    ...(rows.length
      ? [
          el(
            "article",
            { className: "group" },
            el(
              "header",
              {},
              el("h2", {}, many(answer.count, "name is proposed", "names are proposed")),
              el(
                "span",
                { className: "soft" },
                "by tables, markers or pictures of other programs; nothing is decided yet",
              ),
            ),
            ...rows.map(proposal),
          ),
        ]
      : []),
  );
}
function proposal(p) {
  const yes = button("Yes", () => act("accept", { proposal: p.id }, `${p.called} is called ${p.name}.`), {
    ariaLabel: `Yes, ${p.called} is ${p.name}`,
  });
  const no = button(
    "No",
    () =>
      act("reject", { proposal: p.id }, `${p.name} is not proposed for ${p.called} again.`, () =>
        act("reopen", { proposal: p.id }, `${p.name} is proposed for ${p.called} again.`),
      ),
    { ariaLabel: `No, ${p.called} is not ${p.name}` },
  );
  return el(
    "section",
    { className: "proposed-row" },
    el("div", { className: "faces" }, ...p.faces.map((f, i) => playButton(f, i ? "" : p.called))),
    el(
      "div",
      {},
      el("h3", {}, el("bdi", {}, p.name), "?"),
      el(
        "p",
        { className: "soft" },
        el("bdi", {}, p.called),
        " in ",
        el("bdi", {}, p.film),
        `, from ${p.from}: ${Math.round(100 * p.agree)} % of its ${p.by}` + (p.why ? `; ${p.why}` : ""),
      ),
    ),
    el("div", { className: "answers" }, yes, no),
  );
}
