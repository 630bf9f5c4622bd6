"use strict";
// The page of a library: questions about who of one film is who of another, its people, what was decided.
import { first, follow, named as addressed, onView, viewed } from "./address.js";
import { $, $$, button, clock, el, face, get, length, many, notify, postTo } from "./core.js";
import { answerPairs, drawPairs, loadPairs } from "./pairs.js";
import { GLANCE, Paged } from "./paged.js";
import { answerRecurring, drawRecurring, loadRecurring } from "./recurring.js";

let S = null,
  tab = "questions",
  current = "",
  chosen = new Set(),
  busy = false;
const when = new Intl.DateTimeFormat(navigator.languages, { dateStyle: "medium", timeStyle: "short" });
const named = (p) => el("bdi", {}, p.name);
const whole = (percent) =>
  percent > 0.99 ? "over 99" : percent < 0.01 ? "under 1" : String(Math.round(100 * percent));

// Deciding: the server has the truth, and its answer is the new state
async function act(path, body, done, undone) {
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
// Done when the tab shows the new state
function take(answer) {
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

// Views
const shared = {
  act,
  open: (id) => showPerson(id),
  films: (m) => filmFaces(m),
  revision: () => S.revision,
  shownAt: () => shownAt,
};
async function draw() {
  for (const b of $$("[data-tab]")) {
    const on = b.dataset.tab === tab;
    on ? b.setAttribute("aria-current", "page") : b.removeAttribute("aria-current");
    $("#" + b.dataset.tab).hidden = !on;
  }
  if (tab === "questions") drawQuestions();
  try {
    if (tab === "links") await drawLinks();
    if (tab === "pairs") await drawPairs(shared);
    if (tab === "recurring") await drawRecurring(shared);
    if (tab === "people") await drawPeople();
    if (tab === "history") await drawHistory();
  } catch (e) {
    notify(e.message, true);
  }
}
let shownAt = 0;
function view(name) {
  if (!$(`[data-tab="${CSS.escape(name)}"]`)) return;
  tab = name;
  shownAt = performance.now();
  draw();
  scrollTo(0, 0);
}
onView(view, () => tab);
const shows = (name) => {
  viewed(name);
  view(name);
};
// The second click of a double click on what leads here means nobody
for (const id of ["pairs", "links", "recurring"])
  $("#" + id).addEventListener(
    "click",
    (e) => {
      if (e.detail > 1 && performance.now() - shownAt < GLANCE) {
        e.stopPropagation();
        e.preventDefault();
      }
    },
    true,
  );
for (const b of $$("[data-tab]")) b.addEventListener("click", () => shows(b.dataset.tab));

// Faces play the moment at which they were seen
function playButton(f, alt) {
  const b = button("", () => play(f), {
    className: "look",
    title: `${f.name} at ${clock(1000 * f.time)}`,
    ariaLabel: `Play ${f.name} at ${clock(1000 * f.time)}`,
  });
  b.append(face([f.picture], alt));
  return b;
}
function play(f) {
  $("#playing").textContent = `${f.name}, ${clock(1000 * f.time)}`;
  $("#unplayable").textContent = "";
  const video = $("#video");
  video.onerror = () => {
    if (video.getAttribute("src"))
      $("#unplayable").textContent =
        "This film cannot be played here: the file was moved, or the browser cannot play its format.";
  };
  video.src = `/film/${f.film}#t=${Math.max(0, f.time - 1).toFixed(2)}`;
  $("#player").showModal();
  video.play().catch(() => {});
}
$("#player").addEventListener("close", () => {
  $("#video").pause();
  $("#video").removeAttribute("src");
  $("#video").load();
});

// Questions
const all = () => S.groups.flatMap((g) => g.questions);
function drawQuestions() {
  if (!all().some((q) => q.id === current)) current = all()[0]?.id || "";
  const more = S.questions - all().length;
  drawProposals();
  $("#asked").replaceChildren(
    ...(S.questions
      ? [
          ...S.groups.map(group),
          more > 0
            ? el(
                "p",
                { className: "soft shown-first" },
                `${many(more, "more question follows", "more questions follow")} when these are answered.`,
              )
            : "",
        ]
      : [
          el(
            "p",
            { className: "empty" },
            S.films
              ? "castlist has no questions about this library."
              : "There is no film in this library yet.",
          ),
        ]),
  );
  placePages();
}
function group(g) {
  const p = g.person,
    node = el(
      "article",
      { className: "group" },
      el(
        "header",
        {},
        el("h2", {}, named(p)),
        naming(p),
        button("All films", () => showPerson(p.id)),
        el("span", { className: "soft" }, many(p.films.length, "film") + ": " + some(p.films)),
      ),
      g.members.length > 1 ? ownFilms(g) : "",
      g.questions.length > 1
        ? el("h3", { className: "ask" }, "Which of these people are ", named(p), ", too?")
        : "",
      el("div", { className: "asks" }, ...g.questions.map((q) => question(q, g))),
      g.questions.length > 1 ? done(g) : "",
    );
  node.dataset.gain = g.questions.reduce((sum, q) => sum + q.gain, 0);
  return node;
}
const some = (films) =>
  films.slice(0, 4).join(", ") + (films.length > 4 ? ` and ${films.length - 4} more` : "");
const naming = (p) => button(p.named ? "Rename" : "Name", () => rename(p));
// One group is one answer: marks are kept here until it is given
const marks = new Map(),
  taken = new Set();
const REPLIES = [
  ["Same person", "same", "y"],
  ["Different people", "different", "n"],
  ["Not sure", "unsure", "s"],
];
const takenOf = (g) => g.members.map((m) => m.member).filter((m) => taken.has(m));
function ownFilms(g) {
  const out = takenOf(g).length;
  return el(
    "div",
    { className: "own" },
    el("p", { className: "soft" }, "If a film shows somebody else, click it."),
    el(
      "div",
      { className: "own-films" },
      ...g.members.map((m) => filmTile(m, g.person.name, taken, drawQuestions)),
    ),
    out
      ? button(`Take ${many(out, "film")} out, answer nothing else`, () => answerSheet(g, {}), {
          className: "take-out",
        })
      : "",
  );
}
// Somebody in a film, to be marked as somebody else than the person
function filmTile(m, name, marked, redraw) {
  const b = button(
    "",
    (e) => {
      marked.has(m.member) ? marked.delete(m.member) : marked.add(m.member);
      redraw();
      if (!e.detail)
        $$(".own-film", $("#" + tab))
          .find((o) => o.dataset.member === m.member)
          ?.focus(); // the keyboard stays where it was
    },
    {
      className: "own-film",
      title: m.film,
      ariaPressed: String(marked.has(m.member)),
      ariaLabel: `${name} in ${m.film} is somebody else`,
    },
  );
  b.dataset.member = m.member;
  b.append(...filmFaces(m));
  return b;
}
const filmFaces = (m) => [
  ...(m.faces.length ? m.faces.map((f) => face([f.picture], "")) : [face(null)]),
  el("small", { title: m.film }, el("bdi", {}, m.film)),
];
function question(q, g) {
  const box = el("section", { className: "asked" + (q.id === current ? " on" : ""), tabIndex: -1 }),
    several = g.questions.length > 1;
  box.dataset.id = q.id;
  box.append(
    several ? half(q.a) : el("div", { className: "pair" }, half(q.a), half(q.b)),
    el(
      "div",
      { className: "answers" },
      ...REPLIES.map(([text, answer, key]) =>
        button(text, () => reply(q, answer), {
          key: q.id === current ? key : "",
          ...(several ? { ariaPressed: String(marks.get(q.id) === answer) } : {}),
        }),
      ),
    ),
    el(
      "p",
      { className: "soft why" },
      `castlist says ${whole(q.probability)} % that this is the same person.` +
        (q.why ? ` ${q.why[0].toUpperCase()}${q.why.slice(1)}.` : ""),
    ),
  );
  box.addEventListener("focusin", () => {
    if (current !== q.id) {
      current = q.id;
      mark();
    }
  });
  return box;
}
function done(g) {
  const open = g.questions.filter((q) => !marks.has(q.id)).length;
  return el(
    "footer",
    {},
    ...(open
      ? [
          button(
            open === g.questions.length
              ? `Nobody of these is ${g.person.name}`
              : `Done: ${open === 1 ? "the other one is" : `the other ${open} are`} somebody else`,
            () => answerSheet(g, repliesOf(g, "different")),
            { className: "main", key: "Enter" },
          ),
          button("Done: leave the rest open", () => answerSheet(g, repliesOf(g, "unsure"))),
        ]
      : [button("Done", () => answerSheet(g, repliesOf(g, "")), { className: "main", key: "Enter" })]),
  );
}
const repliesOf = (g, rest) => Object.fromEntries(g.questions.map((q) => [q.id, marks.get(q.id) || rest]));
const groupOf = (id) => S.groups.find((g) => g.questions.some((q) => q.id === id));
function answerSheet(g, replies) {
  const given = Object.values(replies),
    out = takenOf(g),
    [first] = g.questions;
  const parts = Object.entries(SAID)
    .map(([answer, words]) => [given.filter((x) => x === answer).length, words])
    .filter(([n]) => n);
  const summary = [
    ...parts.map(([n, words]) => `${n} ${words}`),
    ...(out.length ? [`${many(out.length, "film")} taken out`] : []),
  ].join(", ");
  const text =
    g.questions.length < 2 && given.length && !out.length
      ? `${first.a.name} and ${first.b.name}: ` +
        `${given[0] === "different" ? "different people" : SAID[given[0]]}.`
      : `${g.person.name}: ${summary}.`;
  const list = all(),
    at = list.findIndex((q) => q.id === g.questions.at(-1).id),
    next = list[at + 1]?.id || "";
  const right = given.some((x) => x !== "unsure")
    ? g.members.map((m) => m.member).filter((m) => !taken.has(m))
    : [];
  return act("sheet", { person: g.person.id, replies, wrong: out, right }, text).then((ok) => {
    if (!ok) return;
    for (const q of g.questions) marks.delete(q.id);
    for (const m of out) taken.delete(m);
    if (all().some((o) => o.id === next)) current = next;
    drawQuestions();
    focusCurrent();
  });
}
function mark() {
  for (const box of $$(".asked")) box.classList.toggle("on", box.dataset.id === current);
}
function half(p) {
  return el(
    "div",
    { className: "half" },
    el("h3", {}, named(p), el("span", { className: "soft" }, `in ${p.film}, ${clock(1000 * p.time)}`)),
    el(
      "p",
      { className: "soft" },
      p.films.length > 1 ? `also in ${some(p.films.filter((f) => f !== p.film))}` : "in no other film yet",
    ),
    el(
      "div",
      { className: "faces" },
      ...(p.faces.length ? p.faces.map((f, i) => playButton(f, i ? "" : p.name)) : [face(null)]),
    ),
    p.others.length ? el("div", { className: "faces less" }, ...p.others.map((f) => playButton(f, ""))) : "",
  );
}
const SAID = { same: "the same person", different: "somebody else", unsure: "left open" };
function reply(q, answer) {
  const g = groupOf(q.id);
  if (g.questions.length < 2) {
    answerSheet(g, { [q.id]: answer });
    return;
  }
  marks.get(q.id) === answer ? marks.delete(q.id) : marks.set(q.id, answer);
  const following = g.questions[g.questions.indexOf(q) + 1];
  current = following && marks.has(q.id) ? following.id : q.id;
  drawQuestions();
  focusCurrent();
}
function focusCurrent() {
  const box = $(`.asked[data-id="${CSS.escape(current)}"]`);
  box?.focus({ preventScroll: true });
  box?.scrollIntoView({ block: "nearest" });
}
function step(by) {
  const list = all(),
    at = list.findIndex((q) => q.id === current);
  if (list[at + by]) {
    current = list[at + by].id;
    mark();
    focusCurrent();
  }
}

// Links between films that nobody confirmed, those first of which the faces are the least sure
const wrong = new Set();
const links = new Paged("/api/links", () => {
  for (const m of [...wrong]) if (!shownLinks().includes(m)) wrong.delete(m);
});
async function drawLinks() {
  await links.load(S.revision);
  if (tab === "links") showLinks();
}
// Among the questions, pairs, links and people of several films come where a page of them is expected to put
// more right
async function placePages() {
  let page, people, pairs;
  try {
    page = await links.load(S.revision);
    people = await loadRecurring(S.revision);
    pairs = await loadPairs(S.revision);
  } catch {
    return;
  }
  if (tab !== "questions" || $("#asked .to-page")) return;
  const unconfirmed =
    `castlist linked people of several films by their faces, and nobody confirmed ` +
    `${many(page.count, "link")}.`;
  const recur =
    `${many(S.recurring, "person is", "people are")} in several films, and nobody compared ` +
    `${S.recurring === 1 ? "this one" : "them"} with the others. Somebody with other hair may be two ` +
    `people here.`;
  const alike =
    `Here ${many(pairs.count, "pair")} of people stand beside each other: those castlist ` +
    `asks about, and people of one film beside whoever looks most like them.`;
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
  if (!links.ready(S.revision, shownAt)) return; // nobody looked at these links yet
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

// Names that files propose: the films' workspaces keep them
let turns = 0;
async function drawProposals() {
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

// Names
let of = null;
function rename(p) {
  of = p;
  $("#naming-of").replaceChildren("Name of ", named(p));
  $("#name").value = p.named ? p.name : "";
  $("#naming").showModal();
  $("#name").select();
}
$("#name-form").addEventListener("submit", (e) => {
  e.preventDefault();
  const name = $("#name").value.trim();
  if (!name) {
    notify("Write a name first.", true);
    return;
  }
  $("#naming").close();
  act("name", { person: of.id, name }, `${of.name} is called ${name}.`).then(refreshPerson);
});
$("#name-cancel").addEventListener("click", () => $("#naming").close());

// People
let asked = 0;
async function drawPeople() {
  const turn = ++asked;
  let answer;
  try {
    answer = await get("/api/people?text=" + encodeURIComponent($("#search").value));
  } catch (e) {
    notify(e.message, true);
    return;
  }
  if (turn !== asked || tab !== "people") return;
  const present = new Set(answer.people.map((p) => p.id));
  chosen = new Set([...chosen].filter((id) => present.has(id)));
  $("#rows").replaceChildren(...answer.people.map(row));
  const rest = answer.count - answer.people.length,
    note = $("#people .empty");
  note.hidden = Boolean(answer.people.length) && rest <= 0;
  note.textContent = answer.people.length
    ? `${many(rest, "person is", "people are")} not shown; search for a name.`
    : $("#search").value
      ? "Nobody has this name."
      : "There is nobody in this library yet.";
  ticked();
}
function row(p) {
  const tick = el("input", {
    type: "checkbox",
    className: "tick",
    checked: chosen.has(p.id),
    ariaLabel: "Choose " + p.name,
  });
  tick.addEventListener("change", () => {
    tick.checked ? chosen.add(p.id) : chosen.delete(p.id);
    ticked();
  });
  const open = button("", () => showPerson(p.id), { className: "open" });
  open.append(
    el("b", {}, named(p)),
    el("span", {}, `${many(p.films.length, "film")} · ${length(p.seconds)}`),
    el("span", {}, some(p.films)),
  );
  return el(
    "li",
    { className: "row" },
    tick,
    el("div", {}, open, naming(p)),
    el("div", { className: "strip" }, ...p.faces.map((f) => playButton(f, ""))),
  );
}
function ticked() {
  $("#merge").disabled = chosen.size < 2;
}
$("#merge").addEventListener("click", () => {
  const people = [...chosen];
  chosen.clear();
  act("merge", { people }, `${people.length} people are the same person now.`);
});
let typing = 0;
$("#search").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(drawPeople, 200);
});

// One person, film by film
let opened = "";
const openPerson = addressed($("#person"), "person", ([id]) => showPerson(String(id)));
async function showPerson(id) {
  let p;
  try {
    p = await get("/api/person/" + encodeURIComponent(id));
  } catch (e) {
    notify(e.message, true);
    return;
  }
  opened = p.id;
  $("#who").replaceChildren(named(p), naming(p));
  $("#films").replaceChildren(
    ...p.films.map((f) =>
      el(
        "div",
        { className: "film-row" },
        el(
          "div",
          {},
          el("bdi", {}, f.film),
          el("span", { className: "soft" }, length(f.seconds) + linkedHow(f)),
        ),
        el("div", { className: "faces less" }, ...f.faces.map((x) => playButton(x, ""))),
        p.films.length > 1
          ? button(
              "Not this person",
              () =>
                act(
                  "split",
                  { person: p.id, member: f.member },
                  `A person of their own in ${f.film} now.`,
                ).then(refreshPerson),
              { ariaLabel: `Not this person in ${f.film}` },
            )
          : "",
      ),
    ),
  );
  openPerson([p.id]);
}
const linkedHow = (f) =>
  f.how === "linked" && f.probability !== null
    ? ` · linked by castlist, ${whole(f.probability)} % sure`
    : ["told", "answered"].includes(f.how)
      ? " · decided by somebody"
      : "";
function refreshPerson() {
  if ($("#person").open && opened) showPerson(opened);
}

// What was decided
async function drawHistory() {
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
function undo() {
  if (S.undo)
    act("undo", { decision: S.undo.number }, "Undone: " + S.undo.sentence + ".").then(refreshPerson);
}

// Keys
const KEYS = { y: "same", n: "different", s: "unsure" };
addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest("input, dialog[open]")) return;
  // a key that is held decides once
  if (e.repeat && (e.key === "Enter" || e.key === "u" || KEYS[e.key])) return;
  if (e.key === "u") undo();
  if (tab === "links" && links.page?.groups.length && e.key === "Enter" && !e.target.closest("button")) {
    e.preventDefault();
    confirmLinks();
  }
  if (tab === "pairs" && answerPairs(e.key, e.target)) e.preventDefault();
  if (tab === "recurring" && answerRecurring(e.key, e.target)) e.preventDefault();
  if (tab !== "questions") return;
  const q = all().find((o) => o.id === current);
  if (q && e.key === "Enter" && !e.target.closest("button") && groupOf(q.id).questions.length > 1) {
    e.preventDefault();
    answerSheet(groupOf(q.id), repliesOf(groupOf(q.id), "different"));
  }
  if (q && KEYS[e.key]) {
    e.preventDefault();
    reply(q, KEYS[e.key]);
  }
  if (e.key === "j" || e.key === "ArrowDown") {
    e.preventDefault();
    step(1);
  }
  if (e.key === "k" || e.key === "ArrowUp") {
    e.preventDefault();
    step(-1);
  }
});

// What others decide, and films that are added meanwhile
async function poll() {
  try {
    if (!busy && !document.hidden && S && (await get("/api/revision")).revision !== S.revision && !busy) {
      await take(await get("/api/state"));
      notify("The library changed.");
    }
  } catch {
    /* it is said when something is decided */
  }
  setTimeout(poll, 2000);
}

try {
  if ($(`[data-tab="${CSS.escape(first())}"]`)) tab = first();
  await take(await get("/api/state"));
  if (first() !== tab) viewed(tab);
  follow();
} catch (e) {
  notify(e.message, true);
}
document.documentElement.dataset.ready = "1";
poll();
