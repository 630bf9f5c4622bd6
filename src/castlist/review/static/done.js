"use strict";
// Done: the cast is written after all decisions, files for other programs are offered, and the next steps are
// shown.
import { $, S, button, el, get, label, many, notify, postTo, saved } from "./core.js";
import { named } from "./address.js";
import { doubtful as isDoubtful } from "./people.js";

const dialog = $("#done-result"),
  list = $("#done-list"),
  open = named(dialog, "done");
const shell = (text) => (/^[\w.\/-]+$/.test(text) ? text : "'" + text.replaceAll("'", "'\\''") + "'");
let asked = 0; // number of the latest press of Done; results of earlier ones are not shown

export async function done() {
  const press = ++asked;
  list.replaceChildren(el("p", { role: "status" }, "Saving the cast and the report …"));
  open();
  let result, files;
  await saved();
  try {
    [result, files] = await Promise.all([postTo("/api/done", {}), get("/api/exports")]);
  } catch (e) {
    if (press !== asked) return;
    list.replaceChildren(
      el("p", { role: "alert" }, e.message),
      el("p", { className: "soft" }, "Your decisions are saved. Press Done again when this is mended."),
    );
    return;
  }
  if (press === asked) show(result, files);
}
function show(result, files) {
  const cast = S.people.filter((p) => p.fate === 0),
    unnamed = cast.filter((p) => !p.name),
    doubtful = cast.filter(isDoubtful),
    place = shell(result.workspace);
  const left = [
    unnamed.length && `${many(unnamed.length, "person has", "people have")} no name yet`,
    doubtful.length &&
      `${many(doubtful.length, "person is", "people are")} unsure: ` +
        `${doubtful.slice(0, 3).map(label).join(", ")}` +
        `${doubtful.length > 3 ? ` and ${many(doubtful.length - 3, "other")}` : ""}`,
  ].filter(Boolean);
  list.replaceChildren(
    el(
      "p",
      {},
      result.saved
        ? `The cast was saved with your decisions: ${many(cast.length, "person", "people")}. Exports and ` +
            `the report now show it.`
        : "Your decisions are saved. castlist find is running on this film; it will write the cast with " +
            "your decisions when it ends.",
    ),
    left.length ? el("p", { className: "soft" }, left.join("; ") + ".") : "",
    el("h3", {}, "Files for other programs"),
    el(
      "ul",
      { className: "files" },
      ...files.map((f) => {
        const b = button(f.title, () => download(f, b), { title: f.file });
        return el("li", {}, b, el("span", {}, f.about));
      }),
    ),
    el(
      "p",
      { className: "soft" },
      "All formats, and options such as one person or another start timecode: ",
      el("code", {}, `castlist export ${place} -o cast.edl`),
    ),
    el("p", {}, "The report is ", el("code", {}, `${result.workspace}/report.html`), "."),
    el(
      "p",
      { className: "soft" },
      "You can close this page now, and end castlist with Ctrl-C in its terminal. You can continue the " +
        "review at any time with ",
      el("code", {}, `castlist review ${place}`),
      ".",
    ),
  );
}
// Download a file. It is fetched first, so that errors are shown here.
async function download(file, by) {
  by.disabled = true;
  try {
    const answer = await fetch("/export/" + file.name);
    if (!answer.ok)
      throw new Error(
        (await answer.json().catch(() => ({}))).error || `castlist does not answer (${answer.status})`,
      );
    const link = el("a", { href: URL.createObjectURL(await answer.blob()), download: file.file });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser has read it by then
    notify(`${file.file} is where your browser puts downloads.`);
  } catch (e) {
    notify(
      e instanceof TypeError
        ? "castlist does not answer. Is castlist review still running in its terminal?"
        : e.message,
      true,
    );
  }
  by.disabled = false;
}
