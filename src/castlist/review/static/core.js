"use strict";
// Shared by all parts of the page: making elements, requests to the server, and the state from the server.
// The server decides; the page only shows the state and sends decisions.

export const $ = (selector, from = document) => from.querySelector(selector);
export const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];

export function el(tag, props = {}, ...kids) {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(props)) {
    if (k in e && k !== "list") e[k] = v;
    else e.setAttribute(k, v);
  }
  e.append(...kids.filter((k) => k !== null && k !== undefined && k !== ""));
  return e;
}
export function button(text, run, { key = "", ...props } = {}) {
  const b = el("button", { type: "button", ...props }, text, key && " ", key && el("kbd", {}, key));
  b.addEventListener("click", run);
  return b;
}

export const clock = (ms) => {
  const s = Math.floor(ms / 1000),
    two = (n) => String(n).padStart(2, "0");
  return (
    (s >= 3600 ? Math.floor(s / 3600) + ":" + two(Math.floor(s / 60) % 60) : Math.floor(s / 60)) +
    ":" +
    two(s % 60)
  );
};
export const length = (s) =>
  s < 9.95
    ? s.toFixed(1) + " s"
    : s < 59.5
      ? Math.round(s) + " s"
      : s < 3599.5
        ? Math.floor(Math.round(s) / 60) + " min " + String(Math.round(s) % 60).padStart(2, "0") + " s"
        : Math.floor(Math.round(s / 60) / 60) +
          " h " +
          String(Math.round(s / 60) % 60).padStart(2, "0") +
          " min";
export const many = (n, singular, more) =>
  n.toLocaleString("en") + " " + (n === 1 ? singular : more || singular + "s");
// An expected number in whole numbers.
export const roughly = (n, singular) => (n < 0.5 ? "less than 1 " + singular : many(Math.round(n), singular));
export const short = (name) => (name.length > 80 ? name.slice(0, 79).trimEnd() + "…" : name);
export const label = (p) => short(p.name) || "Person " + p.id.slice(1);
// Text in which right-to-left parts do not change the order of the text around them.
const LETTER = String.raw`[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]`;
const RIGHT_TO_LEFT = new RegExp(String.raw`(${LETTER}(?:[\s\p{M}\p{N}'’-]*${LETTER})*)`, "u");
export const isolated = (text) =>
  text.split(RIGHT_TO_LEFT).map((part, i) => (i % 2 ? el("bdi", {}, part) : part));
export const hue = (p) => (Number(p.id.slice(1)) + 7) % 8; // Person 1 has the first colour
export function face(picture, alt = "") {
  if (!picture) return el("span", { className: "face nobody", ariaHidden: "true" }, "?");
  const img = el("img", {
    className: "face",
    src: "/thumb/" + picture[0],
    alt,
    loading: "lazy",
    decoding: "async",
    width: 112,
    height: 112,
    draggable: false,
  });
  const meant = picture.slice(2).find((q) => typeof q === "string"); // [image, milliseconds, (track,) where]
  if (meant) light(img, meant.split(" ").map(Number));
  return img;
}
// If a picture shows several faces, make all of it paler except the face in question.
function light(img, [left, top, right, bottom]) {
  const at = (from, to) => (to - from >= 100 ? 0 : (100 * from) / (100 - (to - from))),
    percent = (q) => q.toFixed(1) + "%";
  img.classList.add("meant");
  for (const [name, value] of [
    ["--meant-at", `${percent(at(left, right))} ${percent(at(top, bottom))}`],
    ["--meant-size", `${right - left}% ${bottom - top}%`],
  ])
    img.style.setProperty(name, value);
}

// Enter confirms a page of faces, except on a focused button that is not one of the faces.
export const ownEnter = (e, faces) =>
  e.key === "Enter" && e.target.tabIndex >= 0 && e.target.matches("button") && !e.target.matches(faces);

// Keyed lists: nodes stay in place if possible, so that focus and scrolling stay, too.
export function arrange(list, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...list.children]) if (!wanted.has(child)) child.remove();
  let next = list.firstElementChild;
  for (const node of nodes) {
    if (node === next) next = next.nextElementSibling;
    else list.insertBefore(node, next);
  }
}

// Messages: beside the tabs, where nothing else is, or at the foot of the open dialog; with an Undo button if
// there is something to undo.
const box = $("#message"),
  bar = $("header.top");
let quiet = 0,
  shown = { text: "", back: null, way: "" };
export const topmost = () => $$("dialog[open]").at(-1) || null;
export function notify(text, bad = false, back = null, way = "Undo") {
  (topmost() || bar).append(box);
  box.replaceChildren(
    ...(text
      ? [el("span", { title: text }, ...isolated(text)), back && button(way, back)].filter(Boolean)
      : []),
  );
  box.className = bad ? "bad" : "";
  stand();
  shown = { text, back, way };
  clearTimeout(quiet);
  quiet = setTimeout(rest, bad || back ? 8000 : 2600);
}
// A message disappears after a while; "castlist does not answer" is shown again until it answers.
let silence = "";
function rest() {
  if (held) tellHeld();
  else if (silence && shown.text === silence) return;
  else if (silence) notify(silence, true);
  else {
    box.replaceChildren();
    shown = { text: "", back: null, way: "" };
  }
}
// The message is above the bar with the answers, or below it if there is enough space.
function stand() {
  const tops = $$(".confirm")
    .map((b) => b.getBoundingClientRect())
    .filter((r) => r.height && r.bottom + box.offsetHeight + 80 > innerHeight)
    .map((r) => r.top);
  box.style.setProperty("--bar", `${Math.max(0, innerHeight - Math.min(innerHeight, ...tops))}px`);
}
const confirming = new ResizeObserver(stand);
for (const e of ["scroll", "resize"])
  addEventListener(
    e,
    () => {
      if (box.firstChild) stand();
    },
    { passive: true },
  );
export function answerBar(...content) {
  const made = el("div", { className: "confirm" }, ...content);
  confirming.observe(made);
  return made;
}
addEventListener(
  "close",
  (e) => {
    if (e.target.contains(box)) (topmost() || bar).append(box);
  },
  { capture: true },
);

// Updates wait until no pointer is pressed: a click is lost if its button is replaced meanwhile.
let pressed = false,
  waiting = [];
function release() {
  pressed = false;
  setTimeout(() => {
    if (!pressed) for (const go of waiting.splice(0)) go();
  }); // after the click of this release
}
addEventListener(
  "pointerdown",
  () => {
    pressed = true;
  },
  { capture: true },
);
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, release, { capture: true });
addEventListener(
  "pointermove",
  (e) => {
    if (pressed && !e.buttons) release();
  },
  { capture: true, passive: true },
); // released outside the page
export const released = () =>
  pressed
    ? new Promise((go) => {
        waiting.push(go);
      })
    : Promise.resolve();

// The state
export const S = {
  revision: -1,
  asked: -1,
  scan_state: "",
  proposals: "",
  film: null,
  people: [],
  by: new Map(),
  place: new Map(),
  aside: [],
  undo: "",
  redo: "",
  conflicts: [],
  missing: 0,
  joined: [],
  tab: "questions",
};
const listeners = [];
export const onNews = (run) => listeners.push(run);
export const person = (id) => S.by.get(id);
// People offered on cards, in cast order: a person has about the same position and number on each card.
const place = (id) => S.place.get(id) ?? S.people.length;
export const inCastOrder = (offered, idOf) => [...offered].sort((a, b) => place(idOf(a)) - place(idOf(b)));

// If castlist find ran meanwhile, the page's track numbers mean other tracks now.
let leaving = false;
export async function take(news) {
  if (S.scan_state && news.scan_state !== S.scan_state) {
    leaving = true;
    location.reload();
    return;
  }
  if (news.since !== null && news.since !== S.revision) news = await get("/api/state");
  const by = new Map(news.people.map((p) => [p.id, p]));
  S.people = news.order.map((id) => by.get(id) || S.by.get(id));
  S.by = new Map(S.people.map((p) => [p.id, p]));
  S.place = new Map(S.people.map((p, i) => [p.id, i]));
  for (const k of [
    "revision",
    "scan_state",
    "proposals",
    "film",
    "aside",
    "undo",
    "redo",
    "conflicts",
    "missing",
    "joined",
  ])
    S[k] = news[k];
  for (const run of listeners) run();
}

// Requests to the server
const SILENT = "castlist does not answer. Is castlist review still running in its terminal?";
const ANOTHER =
  "This page is of a castlist review that has ended. Open the address that the new one shows in its " +
  "terminal.";
// The server's response, or the reason why there is none.
async function answered(r) {
  const error = r.status === 403 ? ANOTHER : `castlist does not answer (${r.status})`;
  const answer = await r.json().catch(() => {
    if (r.ok) throw new Error(SILENT); // the answer was cut off
    return { error };
  });
  return { status: r.status, ok: r.ok, ...answer };
}
const reach = (path, options) =>
  fetch(path, options).catch((e) => {
    throw options?.signal?.aborted ? e : new Error(SILENT); // instead of the browser's own message
  });
export async function get(path) {
  const r = await reach(path);
  if (r.ok) return r.json();
  throw new Error((await answered(r)).error);
}
const send = (path, body, signal) =>
  reach(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal,
  });
// For requests that change no person: the film, Done, questions after an answer.
export async function postTo(path, body, signal) {
  const answer = await answered(await send(path, body, signal));
  if (!answer.ok) throw new Error(answer.error);
  return answer;
}

// While the user looks at a page, castlist computes what it would ask if the page were confirmed now.
const MOMENT = 200; // milliseconds without a change before it starts
let moment = 0,
  thoughtOf = "";
export function thinkAhead(steps) {
  clearTimeout(moment);
  moment = setTimeout(() => {
    const given = idle() && S.asked === S.revision ? steps() : [],
      text = JSON.stringify([S.revision, given]);
    if (!given.length || text === thoughtOf) return;
    thoughtOf = text;
    // errors are shown on confirmation
    postTo("/api/ahead", { revision: S.revision, steps: given }).catch(() => {});
  }, MOMENT);
}

// Marks that are not confirmed are kept when the page is reloaded, unless a decision was made meanwhile.
const slot = (name) => `castlist ${name}`,
  where = () => [S.film.title, S.film.ms, S.film.shots, S.revision, S.scan_state].join(" ");
export function remember(name, marks) {
  try {
    sessionStorage.setItem(slot(name), JSON.stringify({ where: where(), marks }));
  } catch {
    /* full, or not allowed */
  }
}
export function remembered(name) {
  try {
    const held = JSON.parse(sessionStorage.getItem(slot(name)));
    return held?.where === where() ? held.marks : null;
  } catch {
    return null;
  }
}

// Requests are sent one after another: a decision waits while another one is saved. An equal request is
// ignored, since it comes from a key or button pressed twice; only an undo or redo of the last decision
// counts each time.
const line = []; // { text, made }; the first one is in progress
let posted = 0;
let held = null; // the decision in progress if castlist does not answer: { why, says, again, drop }
export const idle = () => !line.length;
export const saved = () => line.at(-1)?.made;
function post(path, body, done, waits) {
  const text = JSON.stringify([path, body]),
    last = ["/api/undo", "/api/redo"].includes(path) && body.decisions === undefined;
  if (!last && line.some((r) => r.text === text)) {
    held?.again();
    return Promise.resolve(false);
  }
  const request = { text };
  request.made = inTurn(saved(), path, body, done, waits).finally(() => {
    line.splice(line.indexOf(request), 1);
  });
  line.push(request);
  return request.made;
}
async function inTurn(before, path, body, done, waits) {
  if (before && (await before) === false) return false; // the message of the failed request says so
  const gone = [...(body.people || []), body.person].filter((id) => typeof id === "string" && !person(id));
  if (gone.length)
    return failed(
      "Not done: your decision before it changed the same people. Check the page, then decide again.",
    );
  posted++;
  const began = performance.now(),
    says = typeof done === "function" ? done() : done;
  const { revision, scan_state, proposals } = S,
    request = { revision, scan_state, proposals, action_id: newId(), ...body },
    answer = await delivered(path, request, says, waits);
  if (!answer) return failed(UNSENT);
  try {
    if (answer.state) await take(answer.state);
    if (leaving) return failed("castlist find ran on this film meanwhile: the page is loaded again.");
    if (answer.status === 409 && answer.changes.length)
      return failed(
        "Somebody else decided in the meantime: " +
          answer.changes.join("; ") +
          ". Check the page, then decide.",
      );
    if (!answer.ok) return failed(`Not saved: ${answer.error.replace(/\.?$/, ".")}`);
    performance.measure("action", { start: began, detail: body.action || path });
    const numbers = answer.decisions || [answer.decision],
      reopen =
        path === "/api/reject" && !body.back
          ? () => post(path, { ...body, back: true }, "The name is proposed again")
          : null;
    const back =
      reopen ||
      (["/api/decide", "/api/accept"].includes(path)
        ? () => takeBack(numbers, answer.sentence || says)
        : null);
    report(sentence((back && answer.sentence) || says), back);
    return answer.decisions || answer.decision;
  } catch {
    return failed(SILENT);
  }
}
// A decision without a response stays on the page, and is sent again until castlist answers or the user gives
// it up. By its id castlist recognises a decision that it made although the response was lost.
const AGAIN = 1200; // milliseconds until it is sent again
const LATE = 5000, // milliseconds without a response until the page says so
  SLOW = 30_000; // and until the decision is sent again
const UNSENT = "Your decision is not sent any more. History shows whether castlist had taken it.";
const UNTIL = {
  [SILENT]: "castlist does not answer. Leave this page open until it is saved.",
  [ANOTHER]: `${ANOTHER.replace(/\.$/, "")} in this browser: then this is saved.`,
};
const newId = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
// waits({ again, drop }): called each time there was no response.
async function delivered(path, body, says, waits) {
  let go = () => {},
    dropped = false;
  const again = () => go(),
    drop = () => {
      dropped = true;
      go();
    },
    silent = (why) => {
      held = { why, says, again, drop };
      tellHeld();
    };
  try {
    while (!dropped) {
      const late = setTimeout(silent, LATE, SILENT),
        { answer, why } = await tried(path, body);
      clearTimeout(late);
      if (answer) return answer;
      if (dropped) break;
      waits?.({ again, drop });
      silent(why);
      await new Promise((done) => {
        go = done;
        setTimeout(done, AGAIN);
      });
    }
    return null;
  } finally {
    held = null;
  }
}
async function tried(path, body) {
  try {
    const answer = await answered(await send(path, body, AbortSignal.timeout(SLOW)));
    return answer.status === 403 ? { why: ANOTHER } : { answer };
  } catch {
    return { why: SILENT };
  }
}
function tellHeld() {
  const after = line.length - 1,
    more = after ? ` and ${many(after, "more decision")}` : "",
    text = `Not saved yet: ${lower(held.says)}${more}. ${UNTIL[held.why]}`;
  if (shown.text !== text) notify(text, true, held.drop, "Do not save");
}
function failed(why) {
  const after = line.length - 1;
  notify(
    after
      ? `${why} ${after > 1 ? `Your ${after} decisions after it were` : "Your decision after it was"} ` +
          `not taken, either.`
      : why,
    true,
  );
  return false;
}
// Each question is answered once. After an answer no other answer is taken until the next question is shown;
// the page says so, unless the same answer is given again.
const UNTAKEN = "What you pressed before the next question was shown was not taken.";
// milliseconds in which a user cannot have read a question or page: the same answer again comes from a key or
// button pressed twice
export const GLANCE = 500;
let given = "",
  missed = false,
  glanced = 0;
export function asks(revision) {
  if (revision !== S.asked) drawnNow();
  S.asked = revision;
}
export function drawnNow() {
  glanced = performance.now();
}
export function takes(answer = "", drawn = true) {
  if (drawn && idle() && S.asked === S.revision) {
    if (answer && answer === given && performance.now() - glanced < GLANCE) return false;
    given = answer;
    return true;
  }
  if (held && answer && answer === given) held.again();
  if (!answer || answer !== given) untaken();
  return false;
}
export function untaken() {
  missed = !idle();
  const before = shown.back ? shown.text.replace(" " + UNTAKEN, "") + " " : "";
  notify(before + UNTAKEN, true, shown.back, shown.way);
}
function report(text, back) {
  notify(missed ? text + " " + UNTAKEN : text, missed, back);
  missed = false;
}
addEventListener("beforeunload", (e) => {
  if (!idle() && !leaving) e.preventDefault();
});
const sentence = (text) => text && text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
const lower = (text) => (text || "the last decision").replace(/[.]$/, "");
export const decide = (body, done, waits) => post("/api/decide", body, done, waits);
// Several decisions of one action, all of them or none: one message with one Undo for all.
export const decideAll = (steps, done, waits) =>
  steps.length < 2 ? decide(steps[0], done, waits) : post("/api/decide", { steps }, done, waits);
// A proposed name from a file: accepting is a decision; a rejected name is not proposed again.
export const acceptName = (q) => post("/api/accept", { proposal: q.id }, `Named ${q.name}`);
export const rejectName = (q, done) => post("/api/reject", { proposal: q.id }, done);
// A held key undoes only as fast as the page can show it. An undo of a decision that is not saved yet cancels
// the decision.
const newest = (path, says) => (e) => {
  given = ""; // a question shown again can be answered again
  if (held) {
    held.drop();
    return false;
  }
  return !(e?.repeat && !idle()) && post(path, {}, says);
};
export const undo = newest("/api/undo", () => "Undone: " + (S.undo || "nothing") + ".");
export const redo = newest("/api/redo", () => "Redone: " + (S.redo || "nothing") + ".");
export const takeBack = (numbers, text) =>
  post("/api/undo", { decisions: [...numbers].reverse() }, "Undone: " + lower(text) + ".");

let late = 0;
export async function poll() {
  try {
    if (idle() && !document.hidden) {
      const before = posted,
        known = new URLSearchParams({ since: S.revision, proposals: S.proposals, scan_state: S.scan_state }),
        news = await get(`/api/changes?${known}`);
      await released();
      const decided = news && news.revision > S.revision,
        overtaken = !idle() || posted !== before;
      if (
        news &&
        !overtaken &&
        (decided ||
          news.scan_state !== S.scan_state ||
          (news.revision === S.revision && news.proposals !== S.proposals))
      ) {
        await take(news);
        notify(decided ? "Somebody else decided something." : "The names that files propose have changed.");
      }
      if (silence) {
        silence = "";
        notify("castlist answers again.");
      }
      late = 0;
    }
  } catch (e) {
    const why = e.message === ANOTHER ? ANOTHER : SILENT;
    if (++late > 2 && why !== silence) {
      silence = why;
      notify(why, true);
    }
  }
  setTimeout(poll, 1200);
}
