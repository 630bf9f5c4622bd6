"use strict";
// Choose many elements with the pointer: by a rubber band on free space, or drag chosen ones onto a target.
// Touch is left to taps and scrolling.
import { $, el } from "./core.js";

const SLACK = 5; // pixels of movement from which a press is a drag

// o.items(): the elements to choose from, o.id(element), o.chosen: a Set, o.changed(), o.handle: where a drag
// starts, o.targets: where it may end, o.caption(ids), o.drop(target, ids)
export function pointing(area, o) {
  area.addEventListener("pointerdown", (e) => {
    if (e.button || e.pointerType === "touch" || e.target.closest("input, select, textarea, dialog form"))
      return;
    const item = e.target.closest(o.handle) && o.items().find((i) => i.contains(e.target));
    if (!item && e.target.closest("button, a, label, video, .bar, .rail, .acts")) return;
    const scroller = area.closest("dialog") || document.scrollingElement;
    const start = { x: e.clientX, y: e.clientY + scroller.scrollTop };
    (item ? dragging : banding)(e, start, scroller, item, o);
  });
}

function following(e, move, end) {
  const off = new AbortController(),
    signal = off.signal;
  let going = false;
  const finish = (event, done) => {
    off.abort();
    if (going) {
      // The click after a drag belongs to the drag, at any position.
      addEventListener(
        "click",
        (c) => {
          c.stopPropagation();
          c.preventDefault();
        },
        { capture: true, once: true, signal: AbortSignal.timeout(50) },
      );
    }
    end(event, done && going);
  };
  addEventListener(
    "pointermove",
    (m) => {
      if (!going && Math.hypot(m.clientX - e.clientX, m.clientY - e.clientY) < SLACK) return;
      if (!going) getSelection().removeAllRanges();
      going = true;
      m.preventDefault();
      move(m);
    },
    { signal },
  );
  addEventListener("pointerup", (u) => finish(u, true), { signal });
  addEventListener("pointercancel", (u) => finish(u, false), { signal });
  addEventListener(
    "keydown",
    (k) => {
      if (k.key === "Escape" && going) {
        k.stopPropagation();
        k.preventDefault();
        finish(k, false);
      }
    },
    { signal, capture: true },
  );
}

function edge(e, scroller) {
  const high = scroller === document.scrollingElement ? innerHeight : scroller.getBoundingClientRect().bottom;
  const low = scroller === document.scrollingElement ? 0 : scroller.getBoundingClientRect().top;
  if (e.clientY > high - 40) scroller.scrollTop += 18;
  if (e.clientY < low + 40) scroller.scrollTop -= 18;
}

function banding(e, start, scroller, _, o) {
  const before = new Set(e.shiftKey || e.ctrlKey || e.metaKey ? o.chosen : []),
    frame = el("div", { className: "band" });
  e.preventDefault();
  if (document.activeElement instanceof HTMLInputElement) document.activeElement.blur();
  following(
    e,
    (m) => {
      edge(m, scroller);
      if (!frame.isConnected) (e.target.closest("dialog") || document.body).append(frame);
      const y = start.y - scroller.scrollTop;
      const [l, r, t, b] = [
        Math.min(start.x, m.clientX),
        Math.max(start.x, m.clientX),
        Math.min(y, m.clientY),
        Math.max(y, m.clientY),
      ];
      Object.assign(frame.style, {
        left: l + "px",
        top: t + "px",
        width: r - l + "px",
        height: b - t + "px",
      });
      o.chosen.clear();
      for (const id of before) o.chosen.add(id);
      for (const item of o.items()) {
        const k = item.getBoundingClientRect();
        if (k.left < r && k.right > l && k.top < b && k.bottom > t) o.chosen.add(o.id(item));
      }
      o.changed();
    },
    () => frame.remove(),
  );
}

function dragging(e, start, scroller, item, o) {
  const ghost = el("div", { className: "ghost", ariaHidden: "true" });
  let over = null,
    ids = [];
  const lit = (target) => {
    over?.classList.remove("over");
    over = target;
    over?.classList.add("over");
  };
  following(
    e,
    (m) => {
      if (!ghost.isConnected) {
        ids = o.chosen.has(o.id(item)) ? [...o.chosen] : [o.id(item)];
        ghost.append($("img", item)?.cloneNode() || "", o.caption(ids));
        (e.target.closest("dialog") || document.body).append(ghost);
      }
      edge(m, scroller);
      Object.assign(ghost.style, { left: m.clientX + 12 + "px", top: m.clientY + 10 + "px" });
      const target = document.elementFromPoint(m.clientX, m.clientY)?.closest(o.targets);
      lit(target && target !== item ? target : null);
    },
    (_, done) => {
      const target = over;
      lit(null);
      ghost.remove();
      if (done && target) o.drop(target, ids);
    },
  );
}

// Choose in a list by Shift and arrow keys, or all elements. `from` is the start of a range.
export function range(order, chosen, from, to) {
  const a = order.indexOf(from),
    b = order.indexOf(to);
  if (a < 0 || b < 0) return;
  for (const id of order.slice(Math.min(a, b), Math.max(a, b) + 1)) chosen.add(id);
}
