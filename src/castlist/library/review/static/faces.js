"use strict";
// Faces and films of people, as several tabs show them, and the film behind a face.
import { $, $$, button, clock, el, face } from "./core.js";
import { tab } from "./tabs.js";

export const named = (p) => el("bdi", {}, p.name);
export const whole = (percent) =>
  percent > 0.99 ? "over 99" : percent < 0.01 ? "under 1" : String(Math.round(100 * percent));
export const some = (films) =>
  films.slice(0, 4).join(", ") + (films.length > 4 ? ` and ${films.length - 4} more` : "");
// A click on a face plays its moment of the film
export function playButton(f, alt) {
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
// A film-person, which the user can mark as another person
export function filmTile(m, name, marked, redraw) {
  const b = button(
    "",
    (e) => {
      marked.has(m.member) ? marked.delete(m.member) : marked.add(m.member);
      redraw();
      if (!e.detail)
        $$(".own-film", $("#" + tab))
          .find((o) => o.dataset.member === m.member)
          ?.focus(); // keep the keyboard focus
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
export const filmFaces = (m) => [
  ...(m.faces.length ? m.faces.map((f) => face([f.picture], "")) : [face(null)]),
  el("small", { title: m.film }, el("bdi", {}, m.film)),
];
