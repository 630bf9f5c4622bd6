"use strict";
// Cards among the questions that lead to pages of pairs, links, and people of several films.
import { $, $$, button, el, many } from "./core.js";
import { loadLinks } from "./links.js";
import { loadPairs } from "./pairs.js";
import { loadRecurring } from "./recurring.js";
import { S } from "./state.js";
import { shows, tab } from "./tabs.js";

// Each card comes before the questions that are expected to correct less than its page
export async function placePages() {
  let page, people, pairs;
  try {
    page = await loadLinks(S.revision);
    people = await loadRecurring(S.revision);
    pairs = await loadPairs(S.revision);
  } catch {
    return;
  }
  if (tab !== "questions" || $("#asked .to-page")) return;
  const unconfirmed =
    `castlist linked people of several films by their faces, and no user confirmed ` +
    `${many(page.count, "link")}.`;
  const recur =
    `${many(S.recurring, "person is", "people are")} in several films, and no user compared ` +
    `${S.recurring === 1 ? "this one" : "them"} with the others. A person with other hair may be two ` +
    `people here.`;
  const alike =
    `Here ${many(pairs.count, "pair")} of people stand beside each other: those castlist ` +
    `asks about, and people of one film beside the most similar person of several films.`;
  if (pairs.count > 1) placeCard(pairs.gain, "Who is the same person?", "Compare pairs", "pairs", alike, "");
  if (page.groups.length)
    placeCard(
      page.gain,
      "Who does not belong?",
      "Check links",
      "links",
      unconfirmed,
      "Look at the least alike ones.",
    );
  if (people.people.length)
    placeCard(people.gain, "Is anybody here twice?", "Compare people", "recurring", recur, "");
}
function placeCard(gain, title, text, to, why, first) {
  const groups = $$("#asked .group"),
    at = groups.findIndex((node) => Number(node.dataset.gain) < gain);
  const card = el(
    "article",
    { className: `group to-page to-${to}` },
    el(
      "header",
      {},
      el("h2", {}, title),
      button(text, () => shows(to)),
    ),
    el(
      "p",
      { className: "soft" },
      `${why} ` +
        (groups.slice(at < 0 ? groups.length : at).some((node) => !node.classList.contains("to-page"))
          ? "To look at them is likely to correct more than the questions below."
          : first),
    ),
  );
  card.dataset.gain = gain;
  at >= 0 ? groups[at].before(card) : $("#asked").append(card);
}
