"use strict";
// The review page. The server holds the truth; this shows it, sends decisions, and never decides by itself.
(() => {
  const $ = (s, from = document) => from.querySelector(s);
  const SVG = "http://www.w3.org/2000/svg";
  let state = null, tab = "people", asked = [], open = null, openTracks = [], busy = false, late = 0;
  const chosen = new Set(), ticked = new Set();

  function el(tag, props = {}, ...kids) {
    const e = document.createElement(tag);
    for (const [k, v] of Object.entries(props)) {
      if (k in e && k !== "list") e[k] = v; else e.setAttribute(k, v);
    }
    e.append(...kids.filter((k) => k !== null && k !== undefined));
    return e;
  }
  const clock = (ms) => {
    const s = Math.floor(ms / 1000), h = Math.floor(s / 3600), two = (n) => String(n).padStart(2, "0");
    return (h ? h + ":" + two(Math.floor(s / 60) % 60) : Math.floor(s / 60)) + ":" + two(s % 60);
  };
  const length = (s) => (s < 9.95 ? s.toFixed(1) + " s" : s < 59.5 ? Math.round(s) + " s"
    : s < 3570 ? Math.floor(Math.round(s) / 60) + " min " + String(Math.round(s) % 60).padStart(2, "0") + " s"
      : Math.floor(s / 3600) + " h " + String(Math.round((s % 3600) / 60)).padStart(2, "0") + " min");
  const many = (n, one, more) => n.toLocaleString("en") + " " + (n === 1 ? one : more || one + "s");
  const label = (p) => p.name || "Person " + (Number(p.id.slice(1)) + 1);
  const hue = (p) => "d" + (Number(p.id.slice(1)) % 8);
  const face = (picture, alt = "") => picture
    ? el("img", { className: "face", src: "/thumb/" + picture[0], alt, loading: "lazy", width: 112, height: 112, draggable: false })
    : el("span", { className: "face nobody", ariaHidden: "true" }, "?");

  const box = $("#say");
  let quiet = 0;
  function say(text, bad = false) {
    (document.querySelector("dialog[open]") || document.body).append(box);
    box.textContent = text;
    box.className = bad ? "bad" : "";
    clearTimeout(quiet);
    quiet = setTimeout(() => { box.textContent = ""; }, bad ? 7000 : 2600);
  }

  // Talking to the server
  async function get(path) {
    const r = await fetch(path);
    if (!r.ok) throw new Error((await r.json().catch(() => ({}))).error || "castlist does not answer (" + r.status + ")");
    return r.json();
  }
  async function post(path, body, done) {
    if (busy) return false;
    busy = true;
    const began = performance.now();
    try {
      const r = await fetch(path, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ seen: state.seen, ...body }),
      });
      const answer = await r.json().catch(() => ({ error: "castlist does not answer (" + r.status + ")" }));
      if (r.status === 409) {
        take(answer.state);
        say("Somebody decided meanwhile: " + answer.changes.join("; ") + ". Look again, then decide.", true);
        return false;
      }
      if (!r.ok) { say(answer.error, true); return false; }
      take(answer.state);
      document.documentElement.dataset.took = String(Math.round(performance.now() - began));
      if (done) say(done);
      return true;
    } catch {
      say("castlist does not answer; is it still running?", true);
      return false;
    } finally {
      busy = false;
    }
  }
  const decide = (body, done) => post("/api/decide", body, done);

  async function poll() {
    try {
      if (!busy && !document.hidden) {
        const news = await get("/api/changes?since=" + state.seen);
        if (news && !busy && news.seen > state.seen) { take(news); say("Somebody else decided something."); }
        late = 0;
      }
    } catch {
      if (++late === 3) say("castlist does not answer; is it still running?", true);
    }
    setTimeout(poll, 1200);
  }

  function take(news) {
    state = news;
    const ids = new Set(state.people.map((p) => p.id));
    for (const id of [...chosen]) if (!ids.has(id)) chosen.delete(id);
    $("#title").textContent = state.film.title;
    document.title = state.film.title + " – review";
    for (const [id, what] of [["undo", state.undo], ["redo", state.redo]]) {
      $("#" + id).disabled = !what;
      $("#" + id).title = what ? id[0].toUpperCase() + id.slice(1) + ": " + what : "";
    }
    const cast = state.people.filter((p) => p.fate === 0).length;
    const aside = state.aside.reduce((n, g) => n + g.count, 0);
    for (const [name, n] of [["people", cast], ["background", state.people.length - cast], ["aside", aside]]) {
      $(`[data-tab=${name}] .n`).textContent = n;
    }
    $("#names").replaceChildren(...[...new Set(state.people.map((p) => p.name).filter(Boolean))].map((value) => el("option", { value })));
    draw();
    if (open !== null) ids.has(open) ? showPerson(open) : $("#person").close();
  }

  // People
  const kept = new Map();
  function row(p, fresh) {
    const key = JSON.stringify([p.name, p.tracks, p.faces, p.pictures, p.fate, p.seconds]);
    const old = kept.get(p.id);
    if (old && old.key === key) return old.node;
    const tick = el("input", { type: "checkbox", className: "tick", ariaLabel: "Choose " + label(p) });
    tick.addEventListener("change", () => choose(p.id, tick.checked));
    const button = el("button", { type: "button", className: "open" },
      el("b", {}, el("bdi", {}, label(p))),
      el("span", {}, `${length(p.seconds)} · ${(100 * p.share).toFixed(0)} % · ${many(p.tracks, "track")}`),
      el("span", {}, `${many(p.appearances, "appearance")}, ${clock(p.first)} – ${clock(p.last)}`));
    button.addEventListener("click", () => showPerson(p.id));
    const strip = el("div", { className: "strip" }, ...p.pictures.map((q) => {
      const b = el("button", { type: "button", tabIndex: -1, ariaLabel: `Play ${label(p)} at ${clock(q[1])}` }, face(q), el("span", { className: "at" }, clock(q[1])));
      b.addEventListener("click", () => play(q[2], q[1]));
      return b;
    }));
    const node = el("li", { className: "row " + hue(p), draggable: true }, tick, button, strip);
    node.dataset.id = p.id;
    node.addEventListener("dragstart", (e) => { e.dataTransfer.setData("text/x-person", p.id); e.dataTransfer.effectAllowed = "move"; });
    node.addEventListener("dragover", (e) => { if ([...e.dataTransfer.types].includes("text/x-person")) { e.preventDefault(); node.classList.add("on"); } });
    node.addEventListener("dragleave", () => mark());
    node.addEventListener("drop", (e) => {
      e.preventDefault();
      mark();
      const from = e.dataTransfer.getData("text/x-person");
      if (from && from !== p.id) decide({ action: "merge", people: [p.id, from] }, "Merged.");
    });
    if (old || fresh) node.classList.add("fresh");
    kept.set(p.id, { key, node });
    return node;
  }
  function arrange(list, people, message) {
    const active = document.activeElement && document.activeElement.closest("li.row");
    const id = active && list.contains(active) ? active.dataset.id : null;
    const part = id && [...active.querySelectorAll("input,button")].indexOf(document.activeElement);
    const begun = kept.size > 0;
    const nodes = people.map((p) => row(p, begun && !kept.has(p.id)));
    const same = nodes.length === list.children.length && nodes.every((n, i) => n === list.children[i]);
    if (!same) {
      list.replaceChildren(...nodes);
      if (id) {
        const again = nodes.find((n) => n.dataset.id === id) || nodes[0];
        if (again) (again.querySelectorAll("input,button")[part] || $(".open", again)).focus({ preventScroll: true });
      }
    }
    const empty = list.parentElement.querySelector(".empty");
    empty.hidden = people.length > 0;
    empty.textContent = message;
    mark();
  }
  function mark() {
    for (const { node } of kept.values()) {
      const on = chosen.has(node.dataset.id);
      node.classList.toggle("on", on);
      $(".tick", node).checked = on;
    }
  }
  function drawPeople() {
    const find = $("#search").value.trim().toLocaleLowerCase(), by = $("#sort").value;
    const order = { seconds: (a, b) => b.seconds - a.seconds, first: (a, b) => a.first - b.first,
      name: (a, b) => label(a).localeCompare(label(b), undefined, { numeric: true }), tracks: (a, b) => b.tracks - a.tracks };
    let cast = state.people.filter((p) => p.fate === 0 && (!find || label(p).toLocaleLowerCase().includes(find)));
    if (order[by]) cast = cast.slice().sort(order[by]);
    arrange($("#rows"), cast, find ? "Nobody has such a name." : "Nobody is in the cast.");
    arrange($("#brows"), state.people.filter((p) => p.fate === 1), "Nobody is in the background.");
    dock();
  }
  function choose(id, on) {
    on ? chosen.add(id) : chosen.delete(id);
    mark();
    dock();
  }
  function dock() {
    const box = $("#dock"), ids = [...chosen], act = (text, key, run, main) => {
      const b = el("button", { type: "button", className: main ? "main" : "" }, text + " ", el("kbd", {}, key));
      b.addEventListener("click", run);
      return b;
    };
    box.hidden = !ids.length;
    if (!ids.length) return;
    box.replaceChildren(el("span", {}, many(ids.length, "person", "people") + " chosen"),
      ...(ids.length > 1 ? [act("Merge", "m", acts.m, true)] : [act("Name", "n", acts.n, true)]),
      act("Background", "b", acts.b), act("Hide", "h", acts.h), act("Not a face", "f", acts.f), act("None", "esc", () => { chosen.clear(); draw(); }));
  }

  // A person
  async function showPerson(id) {
    const p = state.people.find((q) => q.id === id);
    if (!p) return;
    const fresh = open !== id;
    open = id;
    if (fresh) ticked.clear();
    try { openTracks = await get("/api/person/" + id); } catch (e) { say(e.message, true); return; }
    if (open !== id) return;
    const have = new Set(openTracks.map((t) => t.track));
    for (const t of [...ticked]) if (!have.has(t)) ticked.delete(t);
    const dialog = $("#person"), focused = document.activeElement && document.activeElement.dataset.track;
    const act = (text, run, key) => { const b = el("button", { type: "button" }, text, key ? " " : "", key ? el("kbd", {}, key) : ""); b.addEventListener("click", run); return b; };
    const close = el("form", { method: "dialog" }, el("button", { ariaLabel: "Close" }, "×"));
    const acts1 = el("div", { className: "acts" }, act("Name", () => ask([id]), "n"),
      p.fate === 0 ? act("To the background", () => decide({ action: "background", people: [id] }, "In the background now."), "b")
        : act("Into the cast", () => decide({ action: "foreground", people: [id] }, "In the cast now."), "b"),
      act("Hide", () => decide({ action: "hide", people: [id] }, "Hidden.")), act("Not a face", () => decide({ action: "not-a-face", people: [id] }, "No face.")));
    const others = state.people.filter((q) => q.id !== id);
    const rail = el("div", { className: "rail", role: "group", ariaLabel: "Move the chosen tracks to" },
      target("A person of their own", null, () => split()), ...others.slice(0, 200).map((q) => target(label(q), q, () => move(q.id))));
    const tiles = el("ul", { className: "tiles" }, ...openTracks.map((t, i) => tile(t, i, p)));
    dialog.replaceChildren(close, el("h2", { id: "person-name" }, el("bdi", {}, label(p))),
      el("p", { className: "soft" }, `${length(p.seconds)} on screen, ${many(p.tracks, "track")}` + (p.tracks > openTracks.length ? `, the first ${openTracks.length} shown` : "")), acts1,
      el("p", { className: "acts", id: "picked" }), rail, el("h3", { className: "unseen" }, "Tracks"), tiles);
    if (!dialog.open) dialog.showModal();
    if (box.textContent) dialog.append(box);
    picked();
    const again = focused && dialog.querySelector(`[data-track="${focused}"]`);
    if (again) again.focus(); else if (fresh && $(".tile", dialog)) $(".tile", dialog).focus();
  }
  function target(text, person, run) {
    const b = el("button", { type: "button" }, person && person.pictures[0] ? face(person.pictures[0]) : "", el("bdi", {}, text));
    b.addEventListener("click", run);
    b.addEventListener("dragover", (e) => { if ([...e.dataTransfer.types].includes("text/x-track")) { e.preventDefault(); b.classList.add("over"); } });
    b.addEventListener("dragleave", () => b.classList.remove("over"));
    b.addEventListener("drop", (e) => {
      e.preventDefault();
      ticked.add(Number(e.dataTransfer.getData("text/x-track")));
      run();
    });
    return b;
  }
  function tile(t, index, p) {
    const b = el("button", { type: "button", className: "tile", ariaPressed: String(ticked.has(t.track)), draggable: true,
      ariaLabel: `Track at ${clock(t.start)}, ${many(t.faces, "face")}` }, face(t.pictures[0]));
    b.dataset.track = t.track;
    const flip = (on = !ticked.has(t.track)) => { on ? ticked.add(t.track) : ticked.delete(t.track); b.ariaPressed = String(on); picked(); };
    b.addEventListener("click", (e) => {
      if (e.shiftKey && tile.last !== undefined) {
        for (let i = Math.min(tile.last, index); i <= Math.max(tile.last, index); i++) ticked.add(openTracks[i].track);
        for (const x of document.querySelectorAll(".tile")) x.ariaPressed = String(ticked.has(Number(x.dataset.track)));
        picked();
      } else flip();
      tile.last = index;
    });
    b.addEventListener("dragstart", (e) => { ticked.add(t.track); b.ariaPressed = "true"; picked(); e.dataTransfer.setData("text/x-track", String(t.track)); });
    const go = el("button", { type: "button", className: "play", ariaLabel: `Play at ${clock(t.start)}` }, "▶ " + clock(t.start));
    go.addEventListener("click", () => play(t.track, t.start));
    return el("li", {}, b, go);
  }
  function picked() {
    const box = $("#picked"), tracks = [...ticked];
    if (!box) return;
    const act = (text, run, off) => { const b = el("button", { type: "button", disabled: off }, text); b.addEventListener("click", run); return b; };
    box.replaceChildren(el("span", { className: "soft" }, tracks.length ? many(tracks.length, "track") + " chosen: " : "Choose tracks, then drag them or press where they belong."),
      ...(tracks.length ? [act("Not a face", () => decide({ action: "not-a-face", tracks }, "No face.").then(() => ticked.clear())),
        act("Two different people", () => decide({ action: "different", tracks }, "Kept apart."), tracks.length !== 2)] : []));
  }
  async function split() {
    if (!ticked.size) { say("Choose tracks first.", true); return; }
    if (await decide({ action: "split", tracks: [...ticked] }, "A person of their own now.")) ticked.clear();
  }
  async function move(person) {
    if (!ticked.size) { say("Choose tracks first.", true); return; }
    if (await decide({ action: "move", tracks: [...ticked], person }, "Moved.")) ticked.clear();
  }
  $("#person").addEventListener("close", () => { const id = open; open = null; const node = kept.get(id); if (node) $(".open", node.node).focus(); });

  // Names
  function ask(ids) {
    const p = state.people.find((q) => q.id === ids[0]);
    if (!p) return;
    const dialog = $("#ask"), input = $("#ask-name");
    input.value = p.name;
    dialog.showModal();
    input.select();
    dialog.onclose = () => { if (dialog.returnValue === "ok" && input.value.trim() !== p.name) decide({ action: "name", person: p.id, name: input.value }, "Named."); dialog.returnValue = ""; };
  }
  $("#ask [value=cancel]").addEventListener("click", () => $("#ask").close());

  // Questions
  let first = null;
  async function drawQuestions() {
    const box = $("#questions"), seen = state.seen;
    try { asked = await get("/api/questions"); } catch (e) { say(e.message, true); return; }
    if (seen !== state.seen) return;
    $("[data-tab=questions] .n").textContent = asked.length ? (asked.length > 11 ? "12+" : asked.length) : "";
    if (tab !== "questions") return;
    first = asked[0] || null;
    if (!first) {
      box.replaceChildren(el("p", { className: "empty" }, "No question left: nothing is likely enough to be wrong to be worth one."));
      return;
    }
    const people = first.of.map((id) => state.people.find((p) => p.id === id));
    const side = (t, p) => el("div", { className: "side" }, face(t.pictures[0], "A face at " + clock(t.start)), ...t.pictures.slice(1).map((q) => face(q)),
      el("p", {}, el("bdi", {}, label(p)), " ", playAt(t)));
    const answer = (text, key, main) => { const b = el("button", { type: "button", className: main || "" }, text + " ", el("kbd", {}, key)); b.addEventListener("click", () => reply(key)); return b; };
    box.replaceChildren(el("div", { className: "question" },
      el("h2", {}, first.kind === "same" ? "Are these one person?" : "Does the face on the left belong to this person?"),
      el("div", { className: "pair" }, side(first.a, people[0]), side(first.b, people[1])),
      first.others.length ? el("div", { className: "others" }, el("p", { className: "soft" }, "No, but this person:"), ...first.others.map((t, i) => {
        const p = state.people.find((x) => x.id === t.person), b = el("button", { type: "button" }, face(t.pictures[0]), el("bdi", {}, label(p)), " ", el("kbd", {}, String(i + 1)));
        b.addEventListener("click", () => reply(String(i + 1)));
        return b;
      })) : "",
      el("div", { className: "answers" }, answer("Yes", "y"), answer("No", "n"), answer("Not sure", "s"), answer("Left is no face", "f")),
      el("p", { className: "soft" }, `castlist says ${first.probability > 0.99 ? "over 99" : first.probability < 0.01 ? "under 1" : Math.round(100 * first.probability)} %. An answer is expected to put ${first.gain < 10 ? first.gain.toFixed(1) : Math.round(first.gain)} faces right.`)));
  }
  function playAt(t) {
    const b = el("button", { type: "button" }, "▶ " + clock(t.start));
    b.addEventListener("click", () => play(t.track, t.start));
    return b;
  }
  function reply(key) {
    if (!first || busy) return;
    const q = first, tracks = [q.a.track, q.b.track];
    if (key === "y") decide({ action: "same", tracks }, "One person.");
    if (key === "n" && q.kind === "same") decide({ action: "different", tracks }, "Two people.");
    if (key === "n" && q.kind !== "same") decide({ action: "split", tracks: [q.a.track], against: [q.b.track] }, "A person of their own now.");
    const other = q.others["123".indexOf(key)];
    if (other && "123".includes(key)) decide({ action: "move", tracks: [q.a.track], person: other.person, to: [other.track], against: [q.b.track] }, "Moved.");
    if (key === "s") decide({ action: "unsure", tracks }, "Left open.");
    if (key === "f") decide({ action: "not-a-face", tracks: [q.a.track] }, "No face.");
  }

  // Timeline
  let from = 0, to = 0;
  const tip = el("div", { className: "tip", hidden: true }, el("img", { alt: "" }), el("span"));
  document.body.append(tip);
  function drawTimeline() {
    const all = Math.max(1, state.film.ms);
    if (!to || to > all) { from = 0; to = all; }
    const view = `${from} 0 ${to - from} 10`;
    const lanes = state.people.filter((p) => p.fate === 0).map((p) => {
      const svg = document.createElementNS(SVG, "svg"), path = document.createElementNS(SVG, "path");
      svg.setAttribute("viewBox", view);
      svg.setAttribute("preserveAspectRatio", "none");
      svg.setAttribute("class", "h" + hue(p).slice(1));
      svg.setAttribute("role", "img");
      svg.setAttribute("aria-label", `${label(p)}: ${many(p.appearances, "appearance")}`);
      path.setAttribute("d", p.spans.map(([a, b]) => `M${a} 0h${Math.max(1, b - a)}v10h-${Math.max(1, b - a)}z`).join(""));
      svg.append(path);
      const at = (e) => { const r = svg.getBoundingClientRect(); return from + ((e.clientX - r.left) / r.width) * (to - from); };
      const near = (ms) => p.pictures.reduce((b, q) => (!b || Math.abs(q[1] - ms) < Math.abs(b[1] - ms) ? q : b), null);
      svg.addEventListener("pointermove", (e) => {
        const ms = at(e), span = p.spans.find(([a, b]) => ms >= a - 300 && ms <= b + 300), q = near(ms);
        tip.hidden = false;
        tip.style.left = Math.min(e.clientX + 14, innerWidth - 220) + "px";
        tip.style.top = e.clientY + 14 + "px";
        $("img", tip).hidden = !q || !span;
        if (q && span) $("img", tip).src = "/thumb/" + q[0];
        $("span", tip).textContent = span ? `${label(p)}, ${clock(span[0])} – ${clock(span[1])}` : clock(ms);
      });
      svg.addEventListener("pointerleave", () => { tip.hidden = true; });
      svg.addEventListener("click", (e) => { const q = near(at(e)); play(q ? q[2] : null, at(e)); });
      const who = el("button", { type: "button" }, p.pictures[0] ? face(p.pictures[0]) : "", el("bdi", {}, label(p)));
      who.addEventListener("click", () => showPerson(p.id));
      return el("li", { className: "lane" }, who, svg);
    });
    const axis = document.createElementNS(SVG, "svg");
    const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200].find((s) => (to - from) / 1000 / s <= 7) || 14400;
    for (let k = Math.ceil(from / 1000 / step); k * step * 1000 <= to; k++) {
      const text = document.createElementNS(SVG, "text"), x = (100 * (k * step * 1000 - from)) / (to - from);
      text.setAttribute("x", x + "%");
      text.setAttribute("y", 14);
      text.setAttribute("text-anchor", x > 96 ? "end" : x < 4 ? "start" : "middle");
      text.textContent = clock(k * step * 1000);
      axis.append(text);
    }
    $("#lanes").replaceChildren(...lanes, el("li", { className: "lane axis", ariaHidden: "true" }, el("span"), axis));
    $("#where").textContent = to - from < all ? clock(from) + " to " + clock(to) : "";
  }
  function zoom(how) {
    const all = Math.max(1, state.film.ms), span = to - from, mid = (from + to) / 2;
    const wide = Math.min(all, Math.max(Math.min(1000, all), how === "in" ? span / 2 : how === "out" ? span * 2 : how === "all" ? all : span));
    const shift = how === "left" ? -span * 0.4 : how === "right" ? span * 0.4 : 0;
    from = Math.min(Math.max(0, mid + shift - wide / 2), all - wide);
    to = from + wide;
    drawTimeline();
  }
  $("#timeline .bar").addEventListener("click", (e) => { if (e.target.dataset.zoom) zoom(e.target.dataset.zoom); });

  // Set aside, history
  function drawAside() {
    $("#aside").replaceChildren(...(state.aside.length ? state.aside.map((g) => el("div", { className: "reason" },
      el("h2", {}, g.reason[0].toUpperCase() + g.reason.slice(1) + " · " + many(g.count, "track")),
      el("ul", { className: "tiles" }, ...g.tracks.map((t) => {
        const back = el("button", { type: "button", className: "tile", ariaLabel: `Take back the track at ${clock(t.start)}`, title: "Take back" }, face(t.pictures[0]), el("span", { className: "at" }, "Take back"));
        back.addEventListener("click", () => decide({ action: "restore", tracks: [t.track] }, "Taken back."));
        const go = el("button", { type: "button", className: "play", ariaLabel: `Play at ${clock(t.start)}` }, "▶ " + clock(t.start));
        go.addEventListener("click", () => play(t.track, t.start));
        return el("li", {}, back, go);
      })))) : [el("p", { className: "empty" }, "Nothing was set aside.")]));
  }
  async function drawHistory() {
    let rows;
    try { rows = await get("/api/history"); } catch (e) { say(e.message, true); return; }
    const warn = [...state.conflicts, ...(state.missing ? [many(state.missing, "decision is", "decisions are") + " about faces that are not found in this film now."] : [])];
    $("#history").replaceChildren(...warn.map((w) => el("p", { className: "lede" }, "⚠ " + w)), rows.length ? el("ol", { className: "log" }, ...rows.map((d) => el("li", {},
      el("span", { className: d.undone ? "gone" : "" }, `${d.id}. ${d.who ? d.who + ": " : ""}${d.what}`), el("time", { dateTime: d.when }, d.when ? new Date(d.when).toLocaleString() : "")))) : el("p", { className: "empty" }, "Nothing was decided yet."));
  }

  // The film
  let boxes = [];
  async function play(track, ms) {
    const dialog = $("#player"), video = $("video", dialog), said = $("p", dialog);
    boxes = [];
    said.textContent = "";
    if (!video.getAttribute("src")) video.src = "/film";
    if (!dialog.open) dialog.showModal();
    video.currentTime = Math.max(0, ms / 1000 - 0.3);
    video.play().catch(() => {});
    if (track !== null) try { boxes = await get("/api/track/" + track); } catch { boxes = []; }
  }
  const video = $("#player video"), canvas = $("#player canvas");
  video.addEventListener("error", () => { $("#player p").textContent = "This browser cannot play the film, or the film is not where it was; the pictures are all there is."; });
  $("#player").addEventListener("close", () => video.pause());
  function drawBox() {
    requestAnimationFrame(drawBox);
    if (!$("#player").open) return;
    const ratio = state.film.width / state.film.height || 1, box = video.getBoundingClientRect();
    let w = box.width, h = w / ratio;
    if (h > box.height) { h = box.height; w = h * ratio; }
    canvas.width = w;
    canvas.height = h;
    canvas.style.left = (box.width - w) / 2 + "px";
    canvas.style.top = (box.height - h) / 2 + "px";
    const now = video.currentTime * 1000;
    let best = null;
    for (const b of boxes) if (!best || Math.abs(b[0] - now) < Math.abs(best[0] - now)) best = b;
    const pen = canvas.getContext("2d");
    if (!best || Math.abs(best[0] - now) > 120) return;
    pen.lineWidth = 3;
    pen.strokeStyle = "#fff";
    pen.shadowColor = "#000";
    pen.shadowBlur = 4;
    pen.strokeRect(best[1] * w, best[2] * h, best[3] * w, best[4] * h);
  }
  requestAnimationFrame(drawBox);

  // Views and keys
  function draw() {
    for (const b of document.querySelectorAll("[data-tab]")) {
      b.dataset.tab === tab ? b.setAttribute("aria-current", "page") : b.removeAttribute("aria-current");
      $("#" + b.dataset.tab).hidden = b.dataset.tab !== tab;
    }
    drawPeople();
    drawQuestions();
    if (tab === "timeline") drawTimeline();
    if (tab === "aside") drawAside();
    if (tab === "history") drawHistory();
  }
  function go(name) { tab = name; history.replaceState(null, "", "#" + name); draw(); scrollTo(0, 0); }
  $(".tabs").addEventListener("click", (e) => { const b = e.target.closest("[data-tab]"); if (b) go(b.dataset.tab); });
  const undo = () => post("/api/undo", {}, "Undone."), redo = () => post("/api/redo", {}, "Done again.");
  $("#undo").addEventListener("click", undo);
  $("#redo").addEventListener("click", redo);
  $("#keys").addEventListener("click", () => $("#help").showModal());
  for (const id of ["search", "sort"]) $("#" + id).addEventListener("input", drawPeople);

  const focusRow = () => { const r = document.activeElement && document.activeElement.closest("li.row"); return r && r.dataset.id; };
  const who = () => (open !== null ? [open] : chosen.size ? [...chosen] : focusRow() ? [focusRow()] : []);
  function step(by) {
    const rows = [...document.querySelectorAll(`#${tab} li.row`)], at = rows.findIndex((r) => r.contains(document.activeElement));
    const next = rows[Math.max(0, Math.min(rows.length - 1, at + by))];
    if (next) { $(".open", next).focus(); next.scrollIntoView({ block: "nearest" }); }
  }
  const acts = {
    m: () => (chosen.size > 1 ? decide({ action: "merge", people: [...chosen] }, "Merged.").then((ok) => { if (ok) { chosen.clear(); draw(); } }) : say("Choose two people or more.", true)),
    n: () => (who().length ? ask(who()) : say("Choose a person first.", true)),
    b: () => { const ids = who(), p = state.people.find((q) => q.id === ids[0]); if (p) decide({ action: p.fate ? "foreground" : "background", people: ids }, p.fate ? "In the cast now." : "In the background now."); },
    h: () => who().length && decide({ action: "hide", people: who() }, "Hidden."),
    f: () => who().length && decide({ action: "not-a-face", people: who() }, "No face."),
    x: () => { const id = focusRow(); if (id) choose(id, !chosen.has(id)); },
    j: () => step(1), k: () => step(-1), ArrowDown: () => step(1), ArrowUp: () => step(-1),
    u: undo, r: redo, q: () => go("questions"), p: () => go("people"), t: () => go("timeline"), "?": () => $("#help").showModal(),
    "/": () => { go("people"); $("#search").focus(); }, Escape: () => { chosen.clear(); draw(); },
  };
  const HELP = [["j k ↑ ↓", "next, previous person"], ["Enter", "open"], ["x", "choose, or not"], ["m", "merge the chosen"], ["n", "name"], ["b", "to the background and back"],
    ["h", "hide"], ["f", "not a face"], ["u", "undo"], ["r", "redo"], ["p q t", "people, questions, timeline"], ["y n s f", "in a question: yes, no, not sure, no face"], ["1 2 3", "in a question: no, but that person"], ["/", "search"], ["Esc", "choose nobody"]];
  $("#help dl").append(...HELP.flatMap(([k, v]) => [el("dt", {}, el("kbd", {}, k)), el("dd", {}, v)]));
  addEventListener("keydown", (e) => {
    if (!state || e.altKey || e.target.closest("input:not(.tick), select, textarea")) return;
    if (e.ctrlKey || e.metaKey) {
      if (e.key.toLowerCase() !== "z") return;
      e.preventDefault();
      e.shiftKey ? redo() : undo();
      return;
    }
    const dialog = document.querySelector("dialog[open]");
    if (dialog && !(dialog.id === "person" && "nbur".includes(e.key))) return;
    if (tab === "questions" && !dialog && "ynsf123".includes(e.key)) { e.preventDefault(); reply(e.key); return; }
    if (acts[e.key]) { e.preventDefault(); acts[e.key](); }
  });

  addEventListener("hashchange", () => { const name = location.hash.slice(1); if (name !== tab && $(`[data-tab="${CSS.escape(name)}"]`)) { tab = name; draw(); } });
  get("/api/state").then((news) => {
    const name = location.hash.slice(1);
    if (name && $(`[data-tab="${CSS.escape(name)}"]`)) tab = name;
    take(news);
    document.documentElement.dataset.ready = "1";
    poll();
  }).catch((e) => say(e.message, true));
})();
