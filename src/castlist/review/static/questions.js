"use strict";
// One question after another, the most useful first; requested after the people are drawn, and always
// current.
import {
  $,
  $$,
  S,
  asks,
  button,
  clock,
  decide,
  el,
  face,
  get,
  label,
  many,
  person,
  notify,
  released,
  roughly,
  takes,
} from "./core.js";
import * as checks from "./check.js";
import { play } from "./film.js";
import * as proposals from "./names.js";
import { setDoubts } from "./people.js";
import { focusSheet, press, sheet, shown, unconfirmed } from "./sheet.js";

let first = null,
  asking = false,
  timer = 0;

// Request questions soon after each change; while another view is open, after a pause.
export function askSoon() {
  clearTimeout(timer);
  if (S.tab === "questions") {
    old();
    ask();
  } else timer = setTimeout(ask, 1500);
}
const old = () => {
  for (const page of $$("#questions > :not(.way)")) page.classList.toggle("old", S.asked !== S.revision);
};
async function ask() {
  if (asking) return;
  asking = true;
  try {
    let work;
    do {
      work = await get("/api/questions");
      await released();
    } while (work.revision < S.revision);
    if (work.revision === S.revision) {
      setDoubts(new Map(work.check.doubts));
      draw(work);
    }
  } catch (e) {
    notify(e.message, true);
  } finally {
    asking = false;
  }
}
// The kind of questions: castlist's first choice, unless the user chose another one: names from files, many
// faces at once, one at a time, or checks of people.
let way = "";
function draw(work) {
  const sheets = work.sheet.items.length,
    named = proposals.open().length,
    ways = new Map();
  if (named)
    ways.set("names", [
      `Names from files (${named.toLocaleString("en")})`,
      () => proposals.names(() => draw(work)),
    ]);
  if (sheets) ways.set("sheet", ["Who is who", () => sheet(work.sheet)]);
  if (work.questions.length) ways.set("single", ["One at a time", () => question(work.questions[0])]);
  if (work.check.people.length)
    ways.set("check", [
      `Who does not belong (${work.check.left.toLocaleString("en")} not confirmed)`,
      () => checks.check(work.check),
    ]);
  else if (work.check.first === "check")
    ways.set("check", [
      `Set aside (${work.check.asides.toLocaleString("en")})`,
      () => checks.check(work.check),
    ]);
  $("[data-tab=questions] .n").textContent =
    Math.max(sheets, work.questions.length) ||
    work.check.left ||
    named ||
    (work.check.first ? work.check.asides : "");
  first = null;
  if (S.tab !== "questions") {
    asks(-1);
    return;
  }
  const best =
    work.check.first === "sheet" &&
    sheets === 1 &&
    ways.has("single") &&
    !work.sheet.items[0].whole &&
    work.questions[0].a.track === work.sheet.items[0].track.track
      ? "single"
      : work.check.first;
  const now = ways.has(way) ? way : named ? "names" : ways.has(best) ? best : [...ways.keys()][0] || "";
  if (now === "single") first = work.questions[0];
  const inside = $("#questions").contains(document.activeElement) || document.activeElement === document.body;
  asks(work.revision);
  const tabs = [...ways].map(([name, [text]]) => {
    const b = button(text, () => {
      way = name;
      draw(work);
    });
    b.ariaPressed = String(name === now);
    return b;
  });
  $("#questions").replaceChildren(
    el("p", { className: "way" }, ...(tabs.length > 1 ? tabs : [])),
    now ? ways.get(now)[1]() : nothing(work),
  );
  old();
  if (!inside) return;
  scrollTo(0, 0); // a new page is read from the top
  if (now === "sheet") focusSheet();
  if (now === "names") proposals.focusNames();
  if (now === "single") $(".question", $("#questions")).focus({ preventScroll: true });
}
addEventListener("beforeunload", (e) => {
  if (unconfirmed() || checks.unconfirmed()) e.preventDefault();
});
// No question is left: all people are confirmed or have names.
function nothing(work) {
  if (!S.people.length)
    return el("p", { className: "empty" }, "No face was found, so there are no questions.");
  const n = work.check.asides; // not reviewed yet
  const unnamed = S.people.filter((p) => p.fate === 0 && !p.name);
  return el(
    "div",
    { className: "empty" },
    el("p", {}, "Everybody has a name or is confirmed; castlist has no more questions."),
    unnamed.length
      ? el(
          "p",
          {},
          `${many(unnamed.length, "person has", "people have")} no name yet. `,
          button("Name them", () => showUnnamed()),
        )
      : "",
    n
      ? el(
          "p",
          {},
          `${many(n, "track was", "tracks were")} set aside as not a face or too unclear, and not looked ` +
            `through: castlist expects hardly anybody among them. `,
          button("Look through them", () => showAside()),
        )
      : "",
  );
}
let showAside = () => {},
  showUnnamed = () => {};
export const onLeft = (open, aside, unnamed) => {
  checks.onOpenPerson(open);
  showAside = aside;
  showUnnamed = unnamed;
};
function question(q) {
  const [a, b] = q.of.map(person),
    sure =
      q.probability > 0.99 ? "over 99" : q.probability < 0.01 ? "under 1" : Math.round(100 * q.probability);
  const others = q.others.map((t, i) => {
    const other = button("", () => reply(String(i + 1)));
    other.append(
      face(t.pictures[0]),
      el("bdi", {}, label(person(t.person))),
      " ",
      el("kbd", {}, String(i + 1)),
    );
    return other;
  });
  return el(
    "div",
    { className: "question", tabIndex: -1 },
    el(
      "h2",
      {},
      q.kind === "same" ? "Are these one person?" : "Does the face on the left belong to this person?",
    ),
    el("div", { className: "pair" }, side(q.a, a, q.kind === "same"), side(q.b, b, true, q.a.track)),
    el(
      "div",
      { className: "answers" },
      ...[
        ["Yes", "y"],
        ["No", "n"],
        ["Not sure", "s"],
        [q.kind === "same" ? "Right is not a face" : "Left is not a face", "f"],
      ].map(([text, key]) => button(text, () => reply(key), { key })),
    ),
    others.length
      ? el("div", { className: "others" }, el("p", { className: "soft" }, "No, but this person:"), ...others)
      : "",
    el(
      "p",
      { className: "soft why" },
      `castlist says ${sure} %. An answer is expected to correct ${roughly(q.gain, "face")}.`,
    ),
  );
}
// The face meant by "not a face": the face in question; of two people the one later in the cast.
const doubted = (q) => (q.kind === "same" ? q.b.track : q.a.track);
// A face with more pictures of its track; for a whole person, pictures of other tracks first.
function side(t, p, whole, except = t.track) {
  const others = whole ? p.pictures.filter((q) => q[2] !== t.track && q[2] !== except) : [];
  const [first, ...more] = t.pictures.map((q) => [q[0], q[1], t.track, ...q.slice(2)]);
  const shots = [...(first ? [first] : []), ...others, ...more].slice(0, 4).map((q, i) => {
    const b = button("", () => play(q[2], q[1]), {
      className: "look",
      tabIndex: i ? -1 : 0,
      ariaLabel: "Play at " + clock(q[1]),
    });
    b.append(face(q, i ? "" : "A face at " + clock(t.start)));
    return b;
  });
  return el(
    "div",
    { className: "side" },
    ...(shots.length ? shots : [face(null)]),
    el(
      "p",
      {},
      el("bdi", {}, label(p)),
      el("span", { className: "soft" }, " · " + many(p.tracks, "track")),
      " ",
      button("▶ " + clock(t.start), () => play(t.track, t.start), {
        ariaLabel: "Play at " + clock(t.start),
      }),
    ),
  );
}
export function reply(key) {
  if (proposals.shown()) {
    proposals.press(key);
    return;
  }
  if (shown()) {
    press(key);
    return;
  }
  if (checks.shown()) {
    checks.press(key);
    return;
  }
  if (key === "Enter" && first?.kind === "same") {
    notify("Press y if these are one person, n if they are two.", true);
    return;
  }
  // Enter confirms the current state, as on the other pages: the face belongs to its person
  if (first ? !takes(key === "Enter" ? "confirm" : key) : S.asked === S.revision || !takes()) return;
  const q = first,
    tracks = [q.a.track, q.b.track],
    same = q.kind === "same";
  if (key === "y" || key === "Enter") decide({ action: "same", tracks }, "One person");
  if (key === "n" && same) decide({ action: "different", tracks }, "Two people.");
  if (key === "n" && !same)
    decide({ action: "split", tracks: [q.a.track], against: [q.b.track] }, "A person of their own now.");
  const other = q.others["123".indexOf(key)];
  if ("123".includes(key) && other)
    decide(
      { action: "move", tracks: [q.a.track], person: other.person, to: [other.track], against: [q.b.track] },
      "Moved.",
    );
  if (key === "s") decide({ action: "unsure", tracks }, "Left open.");
  if (key === "f") decide({ action: "not-a-face", tracks: [doubted(q)] }, "Not a face.");
}
