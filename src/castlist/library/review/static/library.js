"use strict";
// The page of a library: questions about people of different films, its people, its decisions.
import { first, follow, viewed } from "./address.js";
import { $, get, notify } from "./core.js";
import { drawHistory, undo } from "./history.js";
import { answerLinks, drawLinks } from "./links.js";
import { answerPairs, drawPairs } from "./pairs.js";
import { drawPeople } from "./people.js";
import { answerQuestion, decides, drawQuestions } from "./questions.js";
import { answerRecurring, drawRecurring } from "./recurring.js";
import { S, busy, onNews, take } from "./state.js";
import { begin, mark, onTab, tab } from "./tabs.js";

async function draw() {
  mark();
  if (tab === "questions") drawQuestions();
  try {
    if (tab === "links") await drawLinks();
    if (tab === "pairs") await drawPairs();
    if (tab === "recurring") await drawRecurring();
    if (tab === "people") await drawPeople();
    if (tab === "history") await drawHistory();
  } catch (e) {
    notify(e.message, true);
  }
}
onNews(draw);
onTab(draw);

// Keys
const ANSWERS = {
  questions: answerQuestion,
  links: answerLinks,
  pairs: answerPairs,
  recurring: answerRecurring,
};
addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest("input, dialog[open]")) return;
  // a key that is held down decides once
  if (e.repeat && (e.key === "Enter" || e.key === "u" || decides(e.key))) return;
  if (e.key === "u") undo();
  if (ANSWERS[tab]?.(e.key, e.target)) e.preventDefault();
});

// Updates after decisions of other users and after films are added
async function poll() {
  try {
    if (!busy && !document.hidden && S && (await get("/api/revision")).revision !== S.revision && !busy) {
      await take(await get("/api/state"));
      notify("The library changed.");
    }
  } catch {
    /* the next decision reports the error */
  }
  setTimeout(poll, 2000);
}

try {
  if ($(`[data-tab="${CSS.escape(first())}"]`)) begin(first());
  await take(await get("/api/state"));
  if (first() !== tab) viewed(tab);
  follow();
} catch (e) {
  notify(e.message, true);
}
document.documentElement.dataset.ready = "1";
poll();
