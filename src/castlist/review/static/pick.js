"use strict";
// A field to name or choose a person: known names are completed, with their faces (ARIA combobox).
// The first name that begins with the typed text is selected; a new name is always the last option.
import { $, S, el, face, label, many } from "./core.js";
import { named } from "./address.js";
import { noCommands } from "./typing.js";

const LONG = 8,
  LONGEST = 200; // most names proposed; most people to choose from
const FACES = 5; // pictures of the person in question
const HIGH = 500; // pixels of the field with its list
const dialog = $("#ask"),
  form = $("form", dialog),
  input = $("#ask-name"),
  list = $("#names"),
  note = $("#ask-note"),
  title = $("#ask-h"),
  about = $("#ask-faces"),
  ok = $("#ask-ok");
const open = named(dialog, "name");
let options = [],
  at = -1,
  o = null;
let ended = true, // closed by the user, not by an address
  accepted = false;

// free: any text is accepted (a name), else a known person must be chosen. typed: text in the field at the
// beginning. pictures: of the person in question. done({ name, person }); left(): the field was closed
// without a choice. Returns a function that closes this field.
export function pick({
  heading,
  value = "",
  typed = value,
  free,
  without = [],
  verb = "Save",
  near = null,
  pictures = [],
  done,
  left = () => {},
}) {
  const most = free ? LONG : LONGEST,
    asked = { free, without: new Set(without), done, left, was: value, verb, most };
  o = asked;
  title.textContent = heading;
  about.replaceChildren(
    ...pictures
      .filter(Boolean)
      .slice(0, FACES)
      .map((q) => face(q)),
  );
  about.hidden = !about.firstChild;
  input.value = typed;
  dialog.returnValue = "";
  ended = accepted = false;
  place(near);
  open();
  input.focus();
  input.select();
  propose(!free);
  return () => {
    if (o !== asked || !dialog.open) return;
    accepted = ended = true;
    dialog.close("ok");
  };
}
function place(near) {
  const r = near?.getBoundingClientRect();
  dialog.classList.toggle("near", Boolean(r));
  for (const [side, value] of [
    ["left", r && Math.min(r.left - 12, innerWidth - 440)],
    ["top", r && Math.max(8, Math.min(r.top - 12, innerHeight - HIGH))],
  ]) {
    dialog.style[side] = r ? Math.max(6, value) + "px" : "";
  }
}

const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase();
// [match, person]: 0 equal, 1 the name begins with it, 2 a word begins with it, 3 it occurs in the name
function matching(text) {
  const wanted = plain(text.trim()),
    found = [];
  for (const p of S.people) {
    if (o.without.has(p.id) || (o.free && !p.name)) continue;
    const called = plain(p.name || label(p)),
      place = called.indexOf(wanted);
    if (place >= 0)
      found.push([
        called === wanted ? 0 : place === 0 ? 1 : called[place - 1] === " " ? 2 : 3,
        found.length,
        p,
      ]);
  }
  return found.sort((a, b) => a[0] - b[0] || a[1] - b[1]).map((f) => ({ how: f[0], person: f[2] }));
}
function propose(wide) {
  const text = input.value.trim(),
    found = wide || text ? matching(text) : [],
    unchanged = o.free && plain(text) === plain(o.was);
  options = found.slice(0, o.most);
  if (o.free && text && !unchanged && found[0]?.how !== 0) options.push({ fresh: text });
  at = !options.length
    ? -1
    : !o.free
      ? 0
      : !text || unchanged
        ? -1
        : options.findIndex((c) => c.fresh || c.how < 3);
  list.replaceChildren(...options.map(choice));
  list.hidden = !options.length;
  announce(found.length);
  shown();
}
function choice(c, i) {
  const row = c.fresh
    ? el(
        "li",
        { role: "option", id: "name-" + i, className: "new" },
        el("span", { className: "plus", ariaHidden: "true" }, "+"),
        el("span", {}, el("bdi", {}, c.fresh), el("small", {}, "a new name")),
      )
    : el(
        "li",
        { role: "option", id: "name-" + i },
        face(c.person.pictures[0]),
        el("span", {}, el("bdi", {}, label(c.person)), el("small", {}, many(c.person.tracks, "track"))),
      );
  row.addEventListener("pointerdown", (e) => e.preventDefault());
  row.addEventListener("click", () => {
    at = i;
    accept();
  });
  return row;
}
function announce(found) {
  const p = options[at]?.person;
  note.textContent =
    o.free && p
      ? `Enter makes this ${label(p)}: the two become one person.`
      : !options.length && !o.free
        ? "Nobody has such a name."
        : found > o.most
          ? `${found - o.most} more; type more letters to find them.`
          : o.free
            ? "If two people get the same name, they become one person."
            : "";
  ok.textContent =
    o.free && p ? `Join ${label(p).length > 24 ? label(p).slice(0, 23) + "…" : label(p)}` : o.verb;
}
function shown() {
  [...list.children].forEach((row, i) => row.setAttribute("aria-selected", String(i === at)));
  input.setAttribute("aria-expanded", String(!list.hidden));
  at >= 0
    ? input.setAttribute("aria-activedescendant", "name-" + at)
    : input.removeAttribute("aria-activedescendant");
  list.children[at]?.scrollIntoView({ block: "nearest" });
}
function accept() {
  const c = options[at];
  if (!o.free && !c) return;
  const text = input.value.trim(),
    result = { name: o.free && c?.person ? c.person.name : text, person: c?.person || null },
    { done, was, free } = o;
  accepted = ended = true;
  dialog.close("ok");
  if (!free || result.name !== was) done(result);
}
input.addEventListener("input", () => propose(true));
input.addEventListener("keydown", (e) => {
  const by = { ArrowDown: 1, ArrowUp: -1 }[e.key];
  if (by) {
    e.preventDefault();
    if (list.hidden) {
      propose(true);
      if (at < 0 && options.length) at = 0;
    } else if (options.length) at = (at + by + options.length) % options.length;
    announce(matching(input.value.trim()).length);
    shown();
  } else if (
    e.key === "Tab" &&
    !e.shiftKey &&
    options[at]?.person &&
    o.free &&
    input.value !== options[at].person.name
  ) {
    e.preventDefault();
    input.value = options[at].person.name;
    propose(true);
  }
});
form.addEventListener("submit", (e) => {
  e.preventDefault();
  accept();
});
$("#ask-cancel").addEventListener("click", () => {
  ended = true;
  dialog.close();
});
dialog.addEventListener("cancel", () => {
  ended = true;
});
dialog.addEventListener("close", () => {
  if (!accepted && !dialog.open) o.left();
  if (!ended && !dialog.open) {
    ended = true;
    noCommands("The field was closed, and nothing was saved.");
  }
});
