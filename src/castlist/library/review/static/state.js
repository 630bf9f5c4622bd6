"use strict";
// The state of the library, and decisions about it: the server's answer to a decision is the new state.
import { $, el, many, notify, postTo } from "./core.js";

export let S = null;
export let busy = false;
let draw = async () => {};
export const onNews = (run) => {
  draw = run;
};

export async function act(path, body, done, undone) {
  if (busy) return false;
  busy = true;
  try {
    await take(await postTo("/api/" + path, body));
    const back =
      undone ||
      (path !== "undo" && path !== "reopen" && S.undo
        ? () => act("undo", { decision: S.undo.number }, "Undone: " + S.undo.sentence + ".")
        : null);
    notify(done, false, back);
    return true;
  } catch (e) {
    notify(e instanceof TypeError ? "castlist does not answer; is it still running?" : e.message, true);
    return false;
  } finally {
    busy = false;
  }
}
// Resolves when the tab shows the new state
export function take(answer) {
  S = answer;
  $("#title").textContent = S.title;
  document.title = S.title + " – library";
  $("#size").textContent = many(S.films, "film");
  $("[data-tab=questions] .n").textContent = S.questions || "";
  $("[data-tab=links] .n").textContent = S.links ? S.links.toLocaleString("en") : "";
  $("[data-tab=recurring] .n").textContent = S.recurring ? S.recurring.toLocaleString("en") : "";
  $("[data-tab=people] .n").textContent = S.people.toLocaleString("en");
  $("#undo").disabled = !S.undo;
  $("#undo").title = S.undo ? "Undo: " + S.undo.sentence : "Nothing to undo";
  $("#names").replaceChildren(...S.names.slice(0, 500).map((n) => el("option", { value: n })));
  return draw();
}
