"use strict";
// The timeline: zoom, hover, keys. Without this script the page shows the same, at one scale.
(() => {
  const line = document.querySelector(".timeline");
  addEventListener("beforeprint", () =>
    document.querySelectorAll("details").forEach((d) => {
      d.open = true;
    }),
  );
  if (!line) return;
  const all = Number(line.dataset.width);
  const strips = [...line.querySelectorAll("svg.strip")];
  const axis = line.querySelector(".axis svg");
  const tools = document.querySelector(".tools");
  const output = tools.querySelector("output");
  const cross = line.querySelector(".cross"),
    brush = line.querySelector(".brush"),
    tip = line.querySelector(".tip");
  const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 36000];
  let from = 0,
    to = all;
  tools.hidden = false;

  const clock = (ms, fine) => {
    const s = ms / 1000,
      whole = Math.floor(s + 1e-6),
      h = Math.floor(whole / 3600);
    const m = Math.floor(whole / 60) % 60,
      two = (n) => String(n).padStart(2, "0");
    const tail = fine ? "." + Math.floor((s - whole) * 10 + 1e-4) : "";
    return (h ? h + ":" + two(m) : m) + ":" + two(whole % 60) + tail;
  };

  function drawAxis() {
    const seconds = (to - from) / 1000;
    const room = Math.max(2, Math.floor(axis.getBoundingClientRect().width / 90));
    const step = STEPS.find((s) => seconds / s <= room) || STEPS[STEPS.length - 1];
    axis.replaceChildren();
    for (let k = Math.ceil(from / 1000 / step - 1e-9); k * step <= to / 1000; k++) {
      const x = (100 * (k * step * 1000 - from)) / (to - from);
      const mark = document.createElementNS("http://www.w3.org/2000/svg", "line");
      const text = document.createElementNS("http://www.w3.org/2000/svg", "text");
      mark.setAttribute("x1", x + "%");
      mark.setAttribute("x2", x + "%");
      mark.setAttribute("y2", 5);
      text.setAttribute("x", x + "%");
      text.setAttribute("y", 18);
      if (x < 3) text.style.textAnchor = "start";
      if (x > 97) text.style.textAnchor = "end";
      text.textContent = clock(k * step * 1000, step < 1);
      axis.append(mark, text);
    }
  }

  function show(a, b, announce) {
    const span = Math.min(all, Math.max(Math.min(500, all), b - a));
    from = Math.min(Math.max(0, a), all - span);
    to = from + span;
    for (const s of strips) s.setAttribute("viewBox", from + " 0 " + span + " 10");
    drawAxis();
    const act = (name) => tools.querySelector("[data-do=" + name + "]");
    act("out").disabled = act("all").disabled = span >= all;
    act("left").disabled = from <= 0;
    act("right").disabled = to >= all;
    if (announce) output.textContent = span >= all ? "" : clock(from) + " to " + clock(to);
  }

  const zoom = (factor, at = (from + to) / 2) =>
    show(at - (at - from) * factor, at + (to - at) * factor, true);
  const pan = (share) => show(from + share * (to - from), to + share * (to - from), true);
  const acts = {
    in: () => zoom(0.5),
    out: () => zoom(2),
    left: () => pan(-0.4),
    right: () => pan(0.4),
    all: () => show(0, all, true),
  };
  tools.addEventListener("click", (e) => {
    const b = e.target.closest("button");
    if (b) acts[b.dataset.do]();
  });
  const keys = { "+": "in", "=": "in", "-": "out", ArrowLeft: "left", ArrowRight: "right", Home: "all" };
  for (const part of [tools, line]) {
    part.addEventListener("keydown", (e) => {
      const name = keys[e.key];
      if (!name || e.ctrlKey || e.metaKey || e.altKey) return;
      e.preventDefault();
      acts[name]();
    });
  }

  // Where the pointer is: a line through all lanes, and who is there.
  const lanes = () => axis.getBoundingClientRect();
  const timeAt = (x) => {
    const r = lanes();
    return from + Math.min(1, Math.max(0, (x - r.left) / r.width)) * (to - from);
  };
  const spans = new Map();
  for (const s of strips) {
    const found = [
      ...s
        .querySelector("path")
        .getAttribute("d")
        .matchAll(/M(\d+) 0h(\d+)/g),
    ];
    spans.set(
      s,
      found.map((m) => [Number(m[1]), Number(m[1]) + Number(m[2])]),
    );
  }
  const faces = (id) => {
    const card = document.getElementById("p" + id);
    return card ? [...card.querySelectorAll("img")] : [];
  };
  for (const link of line.querySelectorAll("a.who")) {
    const first = faces(link.dataset.person)[0];
    if (first) {
      const img = new Image();
      img.alt = "";
      img.src = first.src;
      link.prepend(img);
    }
  }

  function point(e) {
    const r = lanes(),
      box = line.getBoundingClientRect();
    const inside = e.clientX >= r.left && e.clientX <= r.right;
    cross.hidden = tip.hidden = !inside;
    if (!inside) return;
    cross.style.left = e.clientX - box.left + "px";
    const strip = e.target.closest ? e.target.closest("svg.strip[data-person]") : null;
    const at = timeAt(e.clientX),
      slack = (3 * (to - from)) / r.width;
    const title = tip.querySelector("b"),
      text = tip.querySelector("span span"),
      img = tip.querySelector("img");
    title.textContent = clock(at, to - from < 60000);
    text.textContent = "";
    img.hidden = true;
    if (strip) {
      const near = spans.get(strip).find(([a, b]) => at >= a - slack && at <= b + slack);
      if (near) {
        title.textContent = strip.previousElementSibling.textContent.trim();
        text.textContent =
          clock(near[0]) +
          " – " +
          clock(near[1]) +
          ", " +
          (near[1] - near[0] < 59950
            ? ((near[1] - near[0]) / 1000).toFixed(1) + " s"
            : clock(near[1] - near[0]));
        const best = faces(strip.dataset.person).reduce((b, f) => {
          const far = Math.abs(Number(f.dataset.ms || 0) - at);
          return b && b[0] <= far ? b : [far, f];
        }, null);
        if (best) {
          img.src = best[1].src;
          img.hidden = false;
        }
      }
    }
    const left = Math.min(e.clientX - box.left + 14, box.width - tip.offsetWidth);
    tip.style.left = Math.max(0, left) + "px";
    tip.style.top = e.clientY - box.top + 16 + "px";
  }

  let held = null;
  line.addEventListener("pointermove", (e) => {
    point(e);
    if (held === null) return;
    const box = line.getBoundingClientRect();
    const a = Math.min(held, e.clientX),
      b = Math.max(held, e.clientX);
    brush.hidden = b - a < 4;
    brush.style.left = a - box.left + "px";
    brush.style.width = b - a + "px";
  });
  line.addEventListener("pointerdown", (e) => {
    if (e.pointerType === "mouse" && e.button === 0 && e.target.closest("svg")) held = e.clientX;
  });
  addEventListener("pointerup", (e) => {
    if (held === null) return;
    const a = Math.min(held, e.clientX),
      b = Math.max(held, e.clientX);
    held = null;
    brush.hidden = true;
    if (b - a >= 4) show(timeAt(a), timeAt(b), true);
  });
  line.addEventListener("pointerleave", () => {
    cross.hidden = tip.hidden = true;
  });
  line.addEventListener("dblclick", (e) => {
    if (e.target.closest("svg")) acts.all();
  });
  line.addEventListener(
    "wheel",
    (e) => {
      if (!e.ctrlKey && !e.metaKey) return;
      e.preventDefault();
      zoom(Math.exp(Math.max(-60, Math.min(60, e.deltaY)) / 150), timeAt(e.clientX));
    },
    { passive: false },
  );
  addEventListener("resize", drawAxis);
  show(0, all, false);
})();
