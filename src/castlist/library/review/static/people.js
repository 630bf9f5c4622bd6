"use strict";
// Names, the people of the library, and one person film by film.
import { named as addressed } from "./address.js";
import { $, button, el, get, length, many, notify } from "./core.js";
import { named, playButton, some, whole } from "./faces.js";
import { act } from "./state.js";
import { tab } from "./tabs.js";

// Names
export const naming = (p) => button(p.named ? "Rename" : "Name", () => rename(p));
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
let chosen = new Set(),
  asked = 0;
export async function drawPeople() {
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
export async function showPerson(id) {
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
      ? " · decided by a user"
      : "";
export function refreshPerson() {
  if ($("#person").open && opened) showPerson(opened);
}
