"use strict";
// Tracks as tiles: any number, drawn in parts; chosen by click, keys and rubber band.
import { $$, arrange, button, clock, el, face, many, notify } from "./core.js";
import { range } from "./choose.js";
import { play } from "./film.js";
import { describe, track } from "./tracks.js";

const STEP = 120;

export class Grid {
  // verdicts: [[sign, label, run(track), holds(track)]], small buttons on each tile; `holds` returns whether
  // this was decided before
  constructor({ chosen, changed, name, verdicts = [] }) {
    this.chosen = chosen;
    this.verdicts = verdicts;
    this.changed = changed;
    this.ids = [];
    this.shown = STEP;
    this.nodes = new Map();
    this.at = this.from = null; // the track with the focus, and the start of a range
    this.list = el("ul", { className: "tiles", ariaLabel: name });
    this.more = button("", () => this.grow(), { className: "more", hidden: true });
    this.root = el("div", { className: "grid" }, this.list, this.more);
    this.list.addEventListener("keydown", (e) => this.key(e));
    new IntersectionObserver(
      (entries) => {
        if (entries.some((s) => s.isIntersecting)) this.grow();
      },
      { rootMargin: "600px" },
    ).observe(this.more);
  }
  async show(ids) {
    this.ids = ids;
    const present = new Set(ids);
    for (const t of [...this.chosen]) if (!present.has(t)) this.chosen.delete(t);
    const wanted = ids.slice(0, this.shown);
    try {
      await describe(wanted);
    } catch (e) {
      notify(e.message, true);
      return;
    }
    if (this.ids !== ids) return;
    for (const t of [...this.nodes.keys()]) if (!present.has(t)) this.nodes.delete(t);
    if (!present.has(this.at)) this.at = ids[0] ?? null;
    const focused = this.list.contains(document.activeElement);
    arrange(
      this.list,
      wanted.map((t) => this.tile(t)),
    );
    this.more.hidden = ids.length <= this.shown;
    this.more.textContent = "Show more, " + many(ids.length - this.shown, "track") + " left";
    this.mark();
    if (focused && !this.list.contains(document.activeElement)) this.focus();
  }
  async grow() {
    if (this.more.hidden || this.growing) return;
    this.growing = true;
    this.shown += STEP;
    await this.show(this.ids);
    this.growing = false;
  }
  tile(id) {
    let node = this.nodes.get(id);
    if (node) return node;
    const t = track(id),
      time = clock(t.start);
    const b = el(
      "button",
      { type: "button", className: "tile", ariaLabel: `Track at ${time}, ${many(t.faces, "face")}` },
      face(t.pictures[0]),
    );
    b.dataset.track = id;
    b.addEventListener("click", (e) => this.click(e, id));
    b.addEventListener("focus", () => {
      this.at = id;
      this.rove();
    });
    const go = button("▶ " + time, () => play(id, t.start), {
      className: "play",
      ariaLabel: "Play at " + time,
      tabIndex: -1,
    });
    const marks = this.verdicts.map(([sign, label, run]) =>
      button(sign, () => run(id), {
        className: "verdict",
        title: label,
        ariaLabel: `${label}: track at ${time}`,
        tabIndex: -1,
      }),
    );
    node = el("li", {}, b, go, marks.length ? el("div", { className: "verdicts" }, ...marks) : "");
    this.nodes.set(id, node);
    return node;
  }
  click(e, id) {
    if (e.shiftKey && this.from !== null) range(this.ids, this.chosen, this.from, id);
    else this.chosen.has(id) ? this.chosen.delete(id) : this.chosen.add(id);
    if (!e.shiftKey) this.from = id;
    this.mark();
  }
  mark() {
    for (const [t, node] of this.nodes) {
      node.firstChild.ariaPressed = String(this.chosen.has(t));
      $$(".verdict", node).forEach((b, i) => {
        const holds = this.verdicts[i][3];
        if (holds) b.ariaPressed = String(holds(t));
      });
    }
    this.rove();
    this.changed();
  }
  rove() {
    for (const [t, node] of this.nodes) node.firstChild.tabIndex = t === this.at ? 0 : -1;
  }
  focus() {
    const node = this.nodes.get(this.at);
    if (node) node.firstChild.focus();
  }
  all() {
    for (const t of this.ids) this.chosen.add(t);
    this.mark();
  }
  none() {
    this.chosen.clear();
    this.mark();
  }
  // After a decision its tracks are no longer chosen; tracks chosen meanwhile stay chosen.
  async after(decided) {
    const before = [...this.chosen];
    if (!(await decided)) return;
    for (const t of before) this.chosen.delete(t);
    this.mark();
  }
  // The chosen tracks, else the track with the focus.
  meant() {
    return this.chosen.size
      ? [...this.chosen]
      : this.list.contains(document.activeElement) && this.at !== null
        ? [this.at]
        : [];
  }
  columns() {
    const top = $$("li", this.list).slice(0, 60),
      first = top[0]?.offsetTop;
    return Math.max(1, top.filter((n) => n.offsetTop === first).length);
  }
  async key(e) {
    if (e.key === "Enter") {
      e.preventDefault();
      const t = track(this.at);
      if (t) play(t.track, t.start);
      return;
    }
    const by = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -this.columns(),
      ArrowDown: this.columns(),
      Home: -1e9,
      End: 1e9,
    }[e.key];
    if (by === undefined || e.ctrlKey || e.metaKey || e.altKey) return;
    e.preventDefault();
    e.stopPropagation();
    const position = this.ids.indexOf(this.at),
      next = Math.max(0, Math.min(this.ids.length - 1, position + by));
    if (e.shiftKey) {
      if (this.from === null || !this.chosen.has(this.from)) this.from = this.at;
      range(this.ids, this.chosen, this.from, this.ids[next]);
    } else this.from = this.ids[next];
    this.at = this.ids[next];
    if (next >= this.shown) {
      this.shown = next + STEP;
      await this.show(this.ids);
    }
    this.mark();
    this.focus();
  }
}
