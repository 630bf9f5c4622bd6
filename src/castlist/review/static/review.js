"use strict";
// The page as a whole: its views, its keys, and the updates.
import { $, $$, S, get, onNews, poll, redo, notify, take, topmost, undo } from "./core.js";
import { first, follow, named, onView, viewed } from "./address.js";
import { asideKeys, asideNone, drawAside } from "./aside.js";
import * as dock from "./dock.js";
import { done } from "./done.js";
import { filmKeys, onChoose, onOpen as fromFilm } from "./film.js";
import { drawHistory } from "./history.js";
import { drawJoined } from "./joined.js";
import * as people from "./people.js";
import { no, yes } from "./proposed.js";
import { personKeys, showPerson } from "./person.js";
import { askSoon, onLeft, reply } from "./questions.js";
import { lookAtFilm, onSource, trouble } from "./source.js";
import { drawTimeline, onOpen as fromTimeline, timelineKeys } from "./timeline.js";
import { KEYS_HELP } from "./keys.js";

people.onOpen(showPerson);
fromFilm(showPerson);
fromTimeline(showPerson);
onLeft(
  showPerson,
  () => go("aside"),
  () => {
    go("people");
    people.showOnly("unnamed");
  },
);
onChoose({ chosen: dock.chosen, choose: dock.choose, only: dock.only });

// Views
const DRAW = {
  people: () => {},
  background: () => {},
  questions: () => {},
  timeline: drawTimeline,
  aside: drawAside,
  history: drawHistory,
};
function draw() {
  for (const b of $$("[data-tab]")) {
    const on = b.dataset.tab === S.tab;
    on ? b.setAttribute("aria-current", "page") : b.removeAttribute("aria-current");
    $("#" + b.dataset.tab).hidden = !on;
  }
  people.drawPeople();
  drawJoined();
  DRAW[S.tab]();
  askSoon();
}
function view(name) {
  if (!$(`[data-tab="${CSS.escape(name)}"]`)) return;
  if (name !== S.tab) {
    dock.chooseNone();
    asideNone();
  }
  S.tab = name;
  // keys give answers
  if (name === "questions" && $(".tabs").contains(document.activeElement)) document.activeElement.blur();
  draw();
  dock.mark();
  $("[aria-current]").scrollIntoView({ block: "nearest", inline: "nearest" });
  scrollTo(0, 0);
}
function go(name) {
  viewed(name);
  view(name);
}
onView(view, () => S.tab);
onNews(() => {
  $("#title").textContent = S.film.title;
  document.title = S.film.title + " – review";
  for (const [id, text] of [
    ["undo", S.undo],
    ["redo", S.redo],
  ]) {
    $("#" + id).disabled = !text;
    $("#" + id).title = text ? id[0].toUpperCase() + id.slice(1) + ": " + text : "Nothing to " + id;
  }
  const cast = S.people.filter((p) => p.fate === 0).length,
    aside = S.aside.reduce((n, g) => n + g.count, 0);
  for (const [name, n] of [
    ["people", cast],
    ["background", S.people.length - cast],
    ["aside", aside],
  ])
    $(`[data-tab=${name}] .n`).textContent = n.toLocaleString("en");
  draw();
});

// Keys
const selected = () => (dock.chosen.size ? [...dock.chosen] : people.focused() ? [people.focused()] : []);
const openHelp = named($("#help"), "help", () => openHelp()),
  help = () => openHelp();
const always = {
  u: undo,
  r: redo,
  q: () => go("questions"),
  p: () => go("people"),
  t: () => go("timeline"),
  n: () => dock.name(selected()),
  "?": help,
  "/": () => {
    go("people");
    $("#search").focus();
  },
};
const escape = () => (dock.offering() && !dock.chosen.size ? dock.offerNone() : dock.chooseNone());
const onPeople = {
  m: () => dock.merge([...dock.chosen]),
  n: () => dock.name(selected()),
  b: () => dock.background(selected()),
  d: () => dock.different([...dock.chosen]),
  h: () => dock.about("hide", selected()),
  f: () => dock.about("not-a-face", selected()),
  Escape: escape,
};
const inPeople = {
  ...onPeople,
  x: people.toggle,
  y: () => yes(selected()),
  w: () => no(selected()),
  s: () => people.byLikeness(selected()[0]),
  ...Object.fromEntries([..."12345"].map((k) => [k, () => dock.take(Number(k))])),
  j: () => people.step(1),
  k: () => people.step(-1),
  ArrowDown: (e) => people.step(1, e.shiftKey),
  ArrowUp: (e) => people.step(-1, e.shiftKey),
  J: () => people.step(1, true),
  K: () => people.step(-1, true),
  a: people.chooseAll,
};
const inQuestions = Object.fromEntries([..."ynsfxevw0123456789", "Enter"].map((k) => [k, () => reply(k)]));
const inFilm = { u: undo, r: redo, ...onPeople, Escape: undefined, v: dock.moveFace, ...filmKeys };
const KEYS = {
  people: inPeople,
  background: inPeople,
  questions: inQuestions,
  timeline: timelineKeys,
  aside: asideKeys,
  history: {},
};
const IN_DIALOG = { person: { u: undo, r: redo, ...personKeys }, player: inFilm };
$("#help-list").append(...KEYS_HELP());
// Keys of a single character can be switched off, for users whose speech or hands press them by accident
// [WCAG 2.1.4].
const single = $("#single");
try {
  single.checked = localStorage.getItem("single keys") !== "off";
} catch {
  /* not kept, then */
}
single.addEventListener("change", () => {
  try {
    localStorage.setItem("single keys", single.checked ? "on" : "off");
  } catch {
    /* not kept */
  }
});
addEventListener(
  "keydown",
  (e) => {
    if (!single.checked && e.key.length === 1 && e.key !== " " && !e.ctrlKey && !e.metaKey)
      e.stopImmediatePropagation();
  },
  { capture: true },
);
// A held key answers once.
addEventListener(
  "keydown",
  (e) => {
    if (e.repeat && S.tab === "questions" && !topmost() && inQuestions[e.key]) {
      e.preventDefault();
      e.stopImmediatePropagation();
    }
  },
  { capture: true },
);
// While keys are used, faces under a resting mouse are not enlarged: they would hide what comes next.
addEventListener("keydown", () => document.documentElement.classList.add("by-keys"), { capture: true });
addEventListener(
  "pointermove",
  (e) => {
    if (e.movementX || e.movementY) document.documentElement.classList.remove("by-keys");
  },
  { passive: true },
);
// A face just clicked is not enlarged either: its picture would hide whether it is marked.
addEventListener("click", (e) => {
  const b = e.target.closest(".options button, .piece");
  b?.classList.add("pressed");
  b?.addEventListener("pointerleave", () => b.classList.remove("pressed"), { once: true });
});
addEventListener("keydown", (e) => {
  if (e.key === "Enter" && e.target.closest("button, a, summary")) return;
  if (e.key === " " && e.target.closest("button, summary, .tick")) return;
  if (
    S.revision < 0 ||
    e.altKey ||
    e.defaultPrevented ||
    e.target.closest("input:not(.tick), select, textarea")
  )
    return;
  const dialog = topmost(),
    key = e.key,
    ctrl = e.ctrlKey || e.metaKey;
  if (dialog && !IN_DIALOG[dialog.id]) return;
  // chosen people are in the dock
  const chosen = !dialog && dock.chosen.size && S.tab !== "questions" && S.tab !== "aside" ? onPeople : {};
  const actions = dialog ? IN_DIALOG[dialog.id] : { ...always, ...chosen, ...KEYS[S.tab] };
  let run = actions[key];
  if (ctrl) run = { z: e.shiftKey ? redo : undo, y: redo, a: actions.a }[key.toLowerCase()];
  else if (key === "a") run = null;
  if (!run) return;
  e.preventDefault();
  run(e);
});

$(".tabs").addEventListener("click", (e) => {
  const b = e.target.closest("[data-tab]");
  if (b) go(b.dataset.tab);
});
$("#ask-me").addEventListener("click", () => go("questions"));
$("#undo").addEventListener("click", undo);
$("#redo").addEventListener("click", redo);
$("#keys").addEventListener("click", help);
$("#done").addEventListener("click", done);
// A click outside a dialog closes it if the press began there, too: the tap that opened it does not close it.
for (const dialog of $$("dialog:not(#ask)")) {
  let began = false;
  dialog.addEventListener("pointerdown", (e) => {
    began = e.target === dialog && outside(e, dialog);
  });
  dialog.addEventListener("click", (e) => {
    if (began && e.target === dialog && outside(e, dialog)) dialog.close();
    began = false;
  });
}
function outside(e, dialog) {
  const r = dialog.getBoundingClientRect();
  return e.clientX < r.left || e.clientX > r.right || e.clientY < r.top || e.clientY > r.bottom;
}
// A missing film is mentioned in every view, not only where it would be played.
onSource((film) => {
  const box = $("#film-note"),
    words = film.there ? null : trouble();
  if (!words || !box.contains(document.activeElement)) box.replaceChildren(...(words ? [words] : []));
  box.hidden = !words;
});

get("/api/state")
  .then((news) => {
    S.tab = first() && $(`[data-tab="${CSS.escape(first())}"]`) ? first() : "people";
    return take(news);
  })
  .then(() => {
    if (first() !== S.tab) viewed(S.tab);
    follow();
    document.documentElement.dataset.ready = "1";
    performance.mark("ready");
    poll();
    lookAtFilm();
  })
  .catch((e) => notify(e.message, true));
