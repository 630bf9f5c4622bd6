"use strict";
// Done: the cast is written as it was decided, and what comes next is said.
import { $, S, el, label, many, notify, postTo, saved } from "./core.js";
import { named } from "./address.js";
import { doubtful as isDoubtful } from "./people.js";

const dialog = $("#done-result"), open = named(dialog, "done");
const shell = (text) => (/^[\w.\/-]+$/.test(text) ? text : "'" + text.replaceAll("'", "'\\''") + "'");

export async function done() {
  let result;
  await saved();
  try { result = await postTo("/api/done", {}); } catch (e) { notify(e.message, true); return; }
  const cast = S.people.filter((p) => p.fate === 0), unnamed = cast.filter((p) => !p.name), doubtful = cast.filter(isDoubtful), place = shell(result.workspace);
  const left = [unnamed.length && `${many(unnamed.length, "person has", "people have")} no name yet`, doubtful.length && `${many(doubtful.length, "person is", "people are")} unsure: ${doubtful.slice(0, 3).map(label).join(", ")}${doubtful.length > 3 ? ` and ${many(doubtful.length - 3, "other")}` : ""}`].filter(Boolean);
  $("#done-list").replaceChildren(
    el("p", {}, result.saved ? `The cast was saved with your decisions: ${many(cast.length, "person", "people")}. Exports and the report now show it.` : "Your decisions are saved. castlist find is running on this film; it will write the cast with your decisions when it ends."),
    left.length ? el("p", { className: "soft" }, left.join("; ") + ".") : "",
    el("h3", {}, "What you can do next"),
    el("dl", {}, ...[["Everybody with all appearances, as a table", `castlist export ${place} -o cast.csv`], ["For programs", `castlist export ${place} -o cast.json`], ["Captions of who is seen", `castlist export ${place} -o cast.vtt`]].flatMap(([title, run]) => [el("dt", {}, title), el("dd", {}, el("code", {}, run))])),
    el("p", {}, "The report is ", el("code", {}, `${result.workspace}/report.html`), "."),
    el("p", { className: "soft" }, "You can close this page now, and end castlist with Ctrl-C in its terminal. You can continue the review at any time with ", el("code", {}, `castlist review ${place}`), "."));
  open();
}
