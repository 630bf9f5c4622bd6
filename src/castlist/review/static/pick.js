"use strict";
// One field to name or to choose a person: known names are completed, with their faces (ARIA combobox).
import { $, S, el, face, label, many } from "./core.js";

const LONG = 8; // proposals shown
const dialog = $("#ask"), form = $("form", dialog), input = $("#ask-name"), list = $("#names"), note = $("#ask-note"), title = $("#ask-h"), ok = $("#ask-ok");
let options = [], at = -1, o = null;

// free: any text will do (a name); else somebody must be chosen. done({ name, person }).
export function pick({ heading, value = "", free, without = [], verb = "Save", done }) {
  o = { free, without: new Set(without), done, was: value };
  title.textContent = heading;
  ok.textContent = verb;
  input.value = value;
  dialog.returnValue = "";
  dialog.showModal();
  input.focus();
  input.select();
  propose(!free);
}

const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase();
function matching(text) {
  const wanted = plain(text.trim()), found = [];
  for (const p of S.people) {
    if (o.without.has(p.id) || (o.free && !p.name)) continue;
    const own = plain(label(p)), place = own.indexOf(wanted);
    if (place >= 0) found.push([place === 0 ? 0 : own[place - 1] === " " ? 1 : 2, found.length, p]);
  }
  return found.sort((a, b) => a[0] - b[0] || a[1] - b[1]).map((f) => f[2]);
}
function propose(wide) {
  const text = input.value.trim();
  const found = wide || text ? matching(text) : [];
  options = found.slice(0, LONG);
  at = o.free ? -1 : options.length ? 0 : -1;
  list.replaceChildren(...options.map((p, i) => {
    const row = el("li", { role: "option", id: "name-" + i }, face(p.pictures[0]), el("span", {}, el("bdi", {}, label(p)), el("small", {}, many(p.tracks, "track"))));
    row.addEventListener("pointerdown", (e) => { e.preventDefault(); at = i; o.free ? fill() : accept(); });
    return row;
  }));
  list.hidden = !options.length;
  const same = o.free && text && S.people.find((p) => p.name === text && !o.without.has(p.id));
  note.textContent = same ? "There is a " + text + " already: they become one person."
    : !options.length && !o.free ? "Nobody has such a name." : found.length > LONG ? `${found.length - LONG} more; type to narrow down.` : "";
  shown();
}
function shown() {
  [...list.children].forEach((row, i) => row.setAttribute("aria-selected", String(i === at)));
  input.setAttribute("aria-expanded", String(!list.hidden));
  at >= 0 ? input.setAttribute("aria-activedescendant", "name-" + at) : input.removeAttribute("aria-activedescendant");
}
function fill() {
  input.value = options[at].name;
  propose(false);
  list.hidden = true;
  shown();
}
function accept() {
  if (!o.free && !options[at]) return;
  const result = { name: at >= 0 && o.free ? options[at].name : input.value.trim(), person: options[at] || null }, { done, was, free } = o;
  dialog.close("ok");
  if (!free || result.name !== was) done(result);
}
input.addEventListener("input", () => propose(true));
input.addEventListener("keydown", (e) => {
  const by = { ArrowDown: 1, ArrowUp: -1 }[e.key];
  if (by) {
    e.preventDefault();
    if (list.hidden) propose(true);
    const least = o.free ? -1 : 0, n = options.length - least;
    if (n > 0) at = ((at - least + by + n) % n) + least;
    shown();
  } else if (e.key === "Tab" && at >= 0 && o.free) { e.preventDefault(); fill(); }
});
form.addEventListener("submit", (e) => { e.preventDefault(); accept(); });
$("#ask-cancel").addEventListener("click", () => dialog.close());
