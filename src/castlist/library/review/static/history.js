"use strict";
// The list of decisions, and Undo.
import { $, button, el, get, notify } from "./core.js";
import { refreshPerson } from "./people.js";
import { S, act } from "./state.js";

const when = new Intl.DateTimeFormat(navigator.languages, { dateStyle: "medium", timeStyle: "short" });
export async function drawHistory() {
  let answer;
  try {
    answer = await get("/api/history");
  } catch (e) {
    notify(e.message, true);
    return;
  }
  $("#history-list").replaceChildren(
    answer.decisions.length
      ? el(
          "ol",
          { className: "log" },
          ...answer.decisions.map((d) =>
            el(
              "li",
              {},
              el(
                "div",
                { className: "what" },
                el(
                  "span",
                  { className: d.undone ? "gone" : "" },
                  el("bdi", {}, d.author && d.author !== "somebody" ? d.author + ": " : ""),
                  el("bdi", {}, d.sentence),
                  d.undone ? el("span", { className: "unseen" }, " (undone)") : "",
                ),
                el("time", { dateTime: d.time }, when.format(new Date(d.time))),
              ),
              d.undone
                ? el("span", { className: "soft" }, "undone")
                : button("Undo", () => act("undo", { decision: d.number }, "Undone: " + d.sentence + "."), {
                    ariaLabel: "Undo: " + d.sentence,
                  }),
            ),
          ),
        )
      : el("p", { className: "empty" }, "There are no decisions yet."),
  );
}
$("#undo").addEventListener("click", undo);
export function undo() {
  if (S.undo)
    act("undo", { decision: S.undo.number }, "Undone: " + S.undo.sentence + ".").then(refreshPerson);
}
