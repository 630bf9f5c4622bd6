"use strict";
// A batch of many faces: each is shown with its most probable person; a click changes it, Enter confirms all.
import {
  NONE,
  about,
  again,
  alike,
  choose,
  decideFate,
  same,
  steps,
  unanswered,
  unknown,
} from "./answers.js";
import { card } from "./card.js";
import {
  $,
  $$,
  S,
  answerBar,
  arrange,
  button,
  decideAll,
  el,
  get,
  inCastOrder,
  remember,
  remembered,
  many,
  ownEnter,
  person,
  postTo,
  notify,
  roughly,
  takes,
  thinkAhead,
  untaken,
} from "./core.js";
import { pick } from "./pick.js";
import { describe } from "./tracks.js";

// An answer is evidence for the faces below it: these are requested again, as if all faces above were
// confirmed. Cards above the lowest answer stay; nothing is decided before all are confirmed.
const MOST = 48,
  LONGEST = 24; // items on a page, items in a request
const SOON = 500; // milliseconds after which a user may have looked at renewed cards
const AWHILE = 100; // milliseconds to wait for another answer before a request
let items = [],
  at = 0,
  asked = null,
  fixed = 0,
  part = 0,
  changed = 0,
  lookedAt = null,
  renewing = false,
  loaded = false;
let request = new AbortController(); // for the renewed items
const answers = new Map(); // answers not confirmed yet, by item: kept when the batch is drawn again
const root = el("div", { className: "sheet" }),
  cards = el("div", { className: "cards" });
root.addEventListener("keydown", keys);

export function sheet(task) {
  asked = task;
  if (!loaded) for (const i of remembered("sheet") || []) answers.set(about(i), i);
  loaded = true;
  items = task.items.map((given) => item(given));
  for (const i of items) i.node = drawn(i);
  changed = 0;
  for (const [key, i] of answers) if (!person(i.of)) answers.delete(key);
  fixed = items.findLastIndex((i) => i.answered) + 1;
  lookedAt?.disconnect();
  cards.replaceChildren(...items.map((i) => i.node));
  root.replaceChildren(...head(), cards, foot());
  here(0);
  mark();
  renew();
  return root;
}
// An item; `above` has the items above it.
function item(given, above = []) {
  const i = {
    ...given,
    part,
    node: null,
    renewed: false,
    lookedAt: false,
    shown: [...(given.guess ? [given.guess] : []), ...inCastOrder(given.others, (t) => t.person)],
    ...unanswered(given),
  };
  const former = answers.get(about(i));
  if (former && !above.some((other) => about(other) === about(i))) again(i, former);
  return i;
}
export const unconfirmed = () => shown() && items.some((i) => answers.has(about(i)));
const open = () => items.filter(unknown).length;
const drawn = (i) =>
  card(i, items.every(unknown), { answer, another, touch: (touched) => here(items.indexOf(touched)) });
function head() {
  const n = items.length,
    all = open() === n;
  return [
    el(
      "h2",
      {},
      !all
        ? "Who is who?"
        : n > 1
          ? "Are these somebody you know already?"
          : "Is this somebody you know already?",
    ),
    el(
      "p",
      { className: "soft" },
      (all
        ? "Choose the person, or “nobody of these”: then it is a different person from all of them. If " +
          "you choose “Not sure”, nothing changes, and castlist does not compare it with these people again."
        : "castlist has marked the person that each face most likely shows. If that is wrong, click the " +
          "right person. Then confirm all. “Not sure” changes nothing, and castlist does not compare " +
          "that face with these people again.") +
        (n > 1
          ? " Go from top to bottom: after each answer castlist compares the faces below it again, and " +
            "marks what changed."
          : ""),
    ),
  ];
}
function foot() {
  return answerBar(
    button(open() === items.length ? "Continue" : "All of these are right", confirm, {
      key: "Enter",
      className: "main",
    }),
    button("", nobodyElse, { className: "rest" }),
    el("span", { className: "soft", role: "status" }, worth()),
  );
}
function worth() {
  const held = [...answers.values()].filter((i) => !items.some((other) => about(other) === about(i))).length;
  return [
    expected(),
    held
      ? `${many(held, "answer")} that you did not confirm ${held > 1 ? "are" : "is"} about ` +
        `${held > 1 ? "faces" : "a face"} not asked about now.`
      : "",
  ]
    .filter(Boolean)
    .join(" ");
}
function expected() {
  const left = items.length - fixed,
    clicks = Math.max(1, Math.round(asked.clicks));
  return left
    ? `${many(left, "face")} ${fixed ? "left " : ""}to look at; about ${many(clicks, "click")} should ` +
        `correct ${roughly(asked.gain * asked.clicks, "face")}.`
    : "";
}
// Unanswered items whose most probable person is none of those shown become new people: shown, and then sent.
const unopened = () => items.filter((i) => unknown(i) && !i.answered);
function nobodyElse() {
  if (!takes()) return;
  for (const i of unopened()) {
    choose(i, NONE);
    answers.set(about(i), i);
  }
  fixed = items.length;
  settle();
  mark();
  if (document.activeElement === document.body) focusSheet(); // the button has disappeared
}
export const focusSheet = () =>
  items[at]?.node.querySelector("[tabindex='0']")?.focus({ preventScroll: true });
export const shown = () => root.isConnected;

// Give an answer; if it differs from the one before, the items below are requested again.
function answer(i, change) {
  if (!takes()) return;
  const before = [i.pick, i.fate].join();
  change(i);
  i.answered ? answers.set(about(i), i) : answers.delete(about(i));
  here(items.indexOf(i));
  fixed = Math.max(fixed, at + 1);
  mark();
  if ([i.pick, i.fate].join() !== before) renew();
}
// Cancel the request for renewed items.
function settle() {
  request.abort();
  request = new AbortController();
  renewing = false;
  root.ariaBusy = "false";
}
async function renew() {
  settle();
  const { signal } = request,
    given = steps(items.slice(0, fixed)),
    room = Math.min(LONGEST, MOST - fixed);
  if (!given.length || room < 1) return;
  root.ariaBusy = "true";
  renewing = true;
  await new Promise((done) => setTimeout(done, AWHILE));
  const next =
    !signal.aborted &&
    (await postTo("/api/sheet", { revision: S.revision, steps: given, items: room }, signal).catch(
      () => null,
    )); // errors are shown when all are confirmed
  if (signal.aborted) return;
  root.ariaBusy = "false";
  renewing = false;
  if (!next || !shown() || next.revision !== S.revision) return;
  const before = items.slice(fixed),
    current = items[at],
    place = new Map(before.map((i, k) => [same(i), k]));
  part++;
  const below = next.items.map((given) => {
    const i = item(given, items.slice(0, fixed)),
      former = before[place.get(same(i))];
    if (former && alike(former, i, (t) => t.track)) return Object.assign(former, { part });
    i.renewed = !former || !alike(former, i, (t) => t.person);
    return i;
  });
  below.sort((a, b) => (place.get(same(a)) ?? MOST) - (place.get(same(b)) ?? MOST));
  asked = next;
  items = [...items.slice(0, fixed), ...below];
  const answered = items.findLastIndex((i) => i.answered) + 1,
    more = answered > fixed;
  fixed = Math.max(fixed, answered);
  for (const i of below) i.node ??= drawn(i);
  arrange(
    cards,
    items.map((i) => i.node),
  );
  const [h2, soft] = head();
  $("h2", root).replaceWith(h2);
  $("h2 + .soft", root).replaceWith(soft);
  $(".confirm", root).replaceWith(foot());
  watch();
  const stays = items.findIndex((i) => same(i) === same(current));
  here(stays < 0 ? at : stays);
  mark();
  if (more) renew();
}
// Renewed items count as seen only after they were visible above the bar at the foot.
function watch() {
  lookedAt?.disconnect();
  lookedAt = new IntersectionObserver(
    (entries) => {
      for (const e of entries)
        if (e.isIntersecting)
          items
            .filter((i) => i.node === e.target)
            .forEach((i) => {
              i.lookedAt = true;
            });
    },
    { rootMargin: `0px 0px -${$(".confirm", root).offsetHeight}px 0px`, threshold: 0.5 },
  );
  const fresh = items.filter((i) => i.renewed && !i.lookedAt && !i.answered);
  for (const i of fresh) lookedAt.observe(i.node);
  if (!fresh.length) return;
  const { signal } = request;
  changed = performance.now();
  root.ariaBusy = "true";
  setTimeout(() => {
    if (!signal.aborted) root.ariaBusy = "false";
  }, SOON);
}
// Choose another person of the cast for an item.
function another(i) {
  const without = [i.of, ...i.shown.map((t) => t.person)];
  here(items.indexOf(i));
  pick({
    heading: "Who is this?",
    verb: "Choose",
    without,
    pictures: [
      ...i.track.pictures,
      ...((i.whole && person(i.of)?.pictures.filter((q) => q[2] !== i.track.track)) || []),
    ],
    done: (r) => chosen(i, r.person),
  });
}
async function chosen(before, chosenPerson) {
  if (!chosenPerson || !takes()) return;
  let face;
  try {
    const { tracks } = await get("/api/person/" + chosenPerson.id);
    [face] = await describe([chosenPerson.pictures[0]?.[2] ?? tracks[0]]);
  } catch (e) {
    notify(e.message, true);
    return;
  }
  const i = items.find((candidate) => same(candidate) === same(before)); // it may have been renewed
  if (!i) {
    untaken();
    return;
  }
  i.shown.push({ ...face, person: chosenPerson.id });
  const node = drawn(i);
  i.node.replaceWith(node);
  i.node = node;
  answer(i, () => choose(i, i.shown.length - 1));
  to(at);
}
// Keys are about one card, which is framed, wherever the focus is.
function here(k) {
  at = Math.max(0, Math.min(items.length - 1, k));
  items.forEach(({ node }, j) => node.classList.toggle("here", j === at));
}
function mark() {
  for (const { node, fate, pick: picked, renewed } of items) {
    node.classList.toggle("out", fate === "not-a-face");
    node.classList.toggle("renewed", renewed);
    for (const b of $$("[data-pick]", node)) {
      const on = !fate && Number(b.dataset.pick) === picked;
      b.ariaPressed = String(on);
      b.tabIndex = on ? 0 : -1;
    }
    for (const b of $$("[data-fate]", node)) {
      b.ariaPressed = String(b.dataset.fate === fate);
      b.tabIndex = b.dataset.fate === fate ? 0 : -1;
    }
  }
  const rest = unopened().length,
    all = $(".rest", root);
  all.hidden = rest < 2;
  all.replaceChildren(`All ${rest} still “Not sure”: nobody of these `, el("kbd", {}, "n"));
  remember(
    "sheet",
    [...answers.values()].map(({ of, whole, track, fate, pick: picked, shown: offered }) => ({
      of,
      whole,
      track,
      fate,
      pick: picked,
      shown: offered,
      answered: true,
    })),
  );
  thinkAhead(() => (shown() && !renewing ? steps(items) : []));
}
function to(k) {
  here(k);
  const node = items[at]?.node;
  node?.querySelector('[tabindex="0"]')?.focus({ preventScroll: true });
  node?.scrollIntoView({ block: "nearest" });
}
function columns() {
  const all = items.map((i) => i.node);
  return Math.max(1, all.filter((n) => n.offsetTop === all[0].offsetTop).length);
}
function keys(e) {
  if (e.ctrlKey || e.metaKey || e.altKey || !items.length || ownEnter(e, "[data-pick], [data-fate]")) return;
  const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns(), ArrowDown: columns() }[e.key];
  if (by) to(at + by);
  else if (!press(e.key)) return;
  e.preventDefault();
  e.stopPropagation();
}
// Handle a key; returns whether it had an effect.
export function press(key) {
  if (key === "Enter" || key === "y") {
    confirm();
    return true;
  }
  const i = items[at];
  if (!i) return false;
  if (key === "n") {
    nobodyElse();
    return true;
  }
  if (key === "v") {
    another(i);
    return true;
  }
  if (key === "s" || key === "f") answer(i, () => decideFate(i, key === "s" ? "unsure" : "not-a-face"));
  else if (/^[0-9]$/.test(key) && Number(key) <= i.shown.length) answer(i, () => choose(i, Number(key) - 1));
  else return false;
  to(at);
  return true;
}
async function confirm() {
  if (!takes("confirm")) return;
  const fresh = items.filter((i) => i.renewed && !i.lookedAt && !i.answered);
  if (fresh.length || performance.now() - changed < SOON) {
    if (fresh.length) to(items.indexOf(fresh[0]));
    notify("Faces below your last answer have changed. Look at them, then confirm.", true);
    return;
  }
  settle();
  const no = items.filter((i) => i.fate === "not-a-face"),
    lines = items.filter((i) => !i.fate);
  const sortedText = many(lines.length, "face") + " sorted",
    noneText = many(no.length, "track") + ": not a face";
  const given = steps(items);
  if (
    given.length &&
    (await decideAll(
      given,
      [...(lines.length || !no.length ? [sortedText] : []), ...(no.length ? [noneText] : [])].join("; "),
    ))
  ) {
    for (const i of items) answers.delete(about(i));
    remember("sheet", []);
  }
}
