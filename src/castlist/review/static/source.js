"use strict";
// What is played: the film itself, or, if the browser cannot play it, a proxy made by castlist.
import { el, button, get, postTo } from "./core.js";

const LOOK = 700; // milliseconds between checks of the progress of a proxy
const MP4 = 'video/mp4; codecs="avc1.64001e, mp4a.40.2"';
const players = new Set(); // all players
let current = null,
  address = "",
  timer = 0;
const listeners = [];
export const onSource = (run) => listeners.push(run);
export const film = () => current;

function use(next) {
  if (next === address) return;
  address = next;
  for (const video of players) load(video);
}
function load(video) {
  if (!address) {
    video.removeAttribute("src");
    return;
  }
  const at = video.currentTime,
    going = !video.paused;
  video.src = address;
  if (at) video.currentTime = at;
  if (going) video.play().catch(() => {});
}

// Let a video element play the current source, and notice if it cannot.
export function attach(video) {
  if (players.has(video)) return;
  players.add(video);
  video.addEventListener("error", () => {
    if (video.getAttribute("src") === address) fails();
  });
  video.addEventListener("loadedmetadata", () => {
    if (!video.videoWidth && video.getAttribute("src") === address) fails();
  }); // sound alone is not a film
  if (current) load(video);
  else lookAtFilm();
}

function take(news) {
  current = news;
  if (news.proxy.state === "ready") use("/film/proxy");
  else if (news.there && news.plays && address !== "/film/proxy" && !news.refused) use("/film");
  clearTimeout(timer);
  if (news.proxy.state === "making") timer = setTimeout(lookAtFilm, LOOK);
  for (const run of listeners) run(current);
  return current;
}
let refused = false; // this browser does not play the film itself
const noted = (news) => take({ ...news, refused });

export async function lookAtFilm() {
  try {
    const news = await get("/api/film");
    if ((!news.plays || refused || !news.there) && news.proxy.state === "none") return await wantProxy();
    return noted(news);
  } catch {
    return current;
  }
}
const wantProxy = async () =>
  noted(
    await postTo("/api/proxy", { kind: document.createElement("video").canPlayType(MP4) ? "mp4" : "webm" }),
  );

async function fails() {
  if (address === "/film/proxy") {
    use("");
    return;
  }
  if (!(await lookAtFilm())?.there || refused) return;
  refused = true;
  use("");
  await lookAtFilm();
}

// The message while playing is impossible, null if it is possible.
const NAMES = {
  prores: "ProRes",
  mpeg2video: "MPEG-2",
  mpeg1video: "MPEG-1",
  hevc: "HEVC (H.265)",
  mpeg4: "MPEG-4 Part 2",
  dvvideo: "DV",
  mjpeg: "Motion JPEG",
  h264: "this kind of H.264",
  dnxhd: "DNxHD",
  ffv1: "FFV1",
};
export function trouble() {
  if (!current || current.proxy.state === "ready") return null;
  if (!current.there) return missing();
  if (current.plays && !refused) return null;
  const codec = NAMES[current.codec] || current.codec || "this film",
    { state, done, why } = current.proxy;
  if (state === "failed")
    return el(
      "p",
      { className: "warn" },
      `This browser cannot play ${codec}, and no copy that it can play could be made: ${why}. You can ` +
        `still review the cast by the pictures.`,
    );
  const percent = Math.round(100 * done);
  return el(
    "div",
    {},
    el(
      "p",
      {},
      `This browser cannot play ${codec}, so castlist makes a small copy that it can play, once: ` +
        `${percent} %.`,
    ),
    el("progress", { max: 100, value: percent, ariaLabel: "Copy for this browser" }),
  );
}
function missing() {
  const path = el("input", {
    type: "text",
    name: "path",
    ariaLabel: "Where the film is now",
    placeholder: "/where/it/is/now.mp4",
    autocomplete: "off",
    spellcheck: false,
  });
  const note = el("p", { className: "warn", role: "status" });
  const form = el(
    "form",
    { className: "missing" },
    el("p", { className: "warn" }, "⚠ The film was not found: " + current.why + "."),
    el("label", {}, "Where is it now? ", path),
    " ",
  );
  form.append(
    button("Use this file", () => form.requestSubmit(), { className: "main" }),
    note,
  );
  form.addEventListener("submit", async (e) => {
    e.preventDefault();
    try {
      noted(await postTo("/api/film", { path: path.value }));
    } catch (error) {
      note.textContent = error.message + ".";
    }
  });
  return form;
}
