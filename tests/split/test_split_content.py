"""Films whose shots are known: each kind of transition, and what only looks like one."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.split import SPLITTERS, ContentSplitter, HistogramSplitter
from castlist.split.camera import moved
from castlist.split.cuts import activity
from castlist.split.exposure import exposed
from castlist.split.signal import COLUMNS, ROWS, distances
from castlist.types import CUT, DISSOLVE, FADE, START, Shots

H, W = 90, 160


def picture(seed: int, scale: int = 1) -> NDArray[np.float32]:
    """A scene of coloured patches, three times as large as a frame."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(0, 255, (9 * scale, 12 * scale, 3)).astype(np.float32)
    return cv2.resize(coarse, (3 * W, 3 * H), interpolation=cv2.INTER_LINEAR)


def shot(seed: int, n: int, *, speed: float = 0.0) -> NDArray[np.float32]:
    """(n, H, W, 3) a camera that moves over a scene by `speed` pixels a frame, with a little noise."""
    rng, scene = np.random.default_rng(seed), picture(seed)
    frames = [cv2.getRectSubPix(scene, (W, H), (W + speed * i, 1.5 * H)) for i in range(n)]
    return np.stack(frames) + rng.normal(0, 2, (n, H, W, 1)).astype(np.float32)


def running(seed: int, n: int) -> NDArray[np.float32]:
    """(n, H, W, 3) a still camera before which two figures run."""
    rng, frames = np.random.default_rng(seed + 50), shot(seed, n)
    figures = [(rng.uniform(0, W), rng.uniform(H / 3, H), v, rng.uniform(0, 255, 3)) for v in (-4, 4)]
    for i in range(n):
        for x, y, v, colour in figures:
            cv2.ellipse(frames[i], (int(x + v * i) % W, int(y)), (14, 30), 0, 0, 360, colour.tolist(), -1)
    return frames


def mixed(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """A dissolve from the frames a to the frames b."""
    share = (np.arange(1, len(a) + 1, dtype=np.float32) / (len(a) + 1))[:, None, None, None]
    return (1 - share) * a + share * b


def split(*parts: NDArray[np.float32], splitter: ContentSplitter | None = None) -> Shots:
    splitter = splitter or ContentSplitter()
    frames = np.concatenate(parts).clip(0, 255).astype(np.uint8)
    return splitter(np.stack([splitter.signal(f) for f in frames]))


def table(shots: Shots) -> list[tuple[int, int]]:
    return list(zip(shots.start.tolist(), shots.transition.tolist(), strict=True))


@pytest.mark.parametrize("name", SPLITTERS)
def test_no_frame_no_shot_and_one_frame_one_shot(name: str) -> None:
    splitter = SPLITTERS[name]()
    assert len(splitter(np.zeros((0, 496), np.uint8))) == 0
    one = splitter(splitter.signal(np.zeros((4, 4, 3), np.uint8))[None])
    assert (one.start.tolist(), one.stop.tolist(), one.transition.tolist()) == ([0], [1], [START])


@pytest.mark.parametrize("name", SPLITTERS)
def test_shots_cover_any_film_whatever_it_holds(name: str) -> None:
    splitter = SPLITTERS[name]()
    rng = np.random.default_rng(3)
    for n in (2, 3, 9, 60, 300):
        shots = splitter(rng.integers(0, 256, (n, 496), np.uint8))
        assert shots.start[0] == 0
        assert shots.stop[-1] == n


@pytest.mark.parametrize("speed", [0.0, 5.0])
def test_hard_cuts_are_found_to_the_frame(speed: float) -> None:
    shots = split(*(shot(s, 30, speed=speed) for s in range(4)))
    assert table(shots) == [(0, START), (30, CUT), (60, CUT), (90, CUT)]


def test_shots_of_six_frames_are_shots() -> None:
    shots = split(shot(0, 30), shot(1, 6), shot(2, 6), shot(3, 30))
    assert table(shots) == [(0, START), (30, CUT), (36, CUT), (42, CUT)]


def test_a_cut_between_two_views_of_one_place() -> None:
    scene = picture(5, scale=2)
    left = np.stack([cv2.getRectSubPix(scene, (W, H), (W, 1.5 * H))] * 20)
    right = np.stack([cv2.getRectSubPix(scene, (W, H), (W + 24, 1.5 * H))] * 20)
    assert table(split(left, right)) == [(0, START), (20, CUT)]


def test_a_blended_frame_between_two_shots_is_one_cut() -> None:
    a, b = shot(0, 30), shot(1, 30)
    shots = split(a, mixed(a[-1:], b[:1]), b)
    assert len(shots) == 2
    assert shots.start[1] in (30, 31)
    assert shots.transition[1] == CUT


@pytest.mark.parametrize("light", [0.4, 0.15, 0.08])
def test_a_dark_film_has_the_shots_of_a_well_lit_one(light: float) -> None:
    a, b, c = (shot(seed, 60, speed=1.0) for seed in (0, 1, 2))
    parts = (a, b[:-24], mixed(b[-24:], c[:24]), c[24:])
    clear = split(*parts)
    assert clear.transition.tolist() == [START, CUT, DISSOLVE]
    dark = split(*(light * part for part in parts))
    assert table(dark)[:2] == table(clear)[:2]
    assert dark.transition.tolist() == clear.transition.tolist()
    assert abs(int(dark.start[2] - clear.start[2])) <= 2


def test_a_dark_take_is_one_shot() -> None:
    """Noise, slow motion, a flash and a fade are no cuts in the dark either."""
    frames = 0.12 * shot(0, 90, speed=1.0)
    frames[40:42] = 40 + 0.3 * frames[40:42]
    assert len(split(frames)) == 1
    fade = np.linspace(1, 0, 30, dtype=np.float32)[:, None, None, None]
    assert CUT not in split(shot(0, 40), shot(0, 30) * fade, shot(1, 30) * fade[::-1], shot(1, 40)).transition


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_flash_is_no_cut(length: int) -> None:
    frames = shot(0, 60)
    frames[30 : 30 + length] = 180 + 0.3 * frames[30 : 30 + length]
    assert len(split(frames)) == 1


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("light", [1.0, 0.3])
@pytest.mark.parametrize("gain", [(0.95,) * 3, (1.06,) * 3, (1.04, 1.0, 0.96)])
def test_a_camera_that_sets_its_exposure_anew_makes_no_cut(
    seed: int, light: float, gain: tuple[float, float, float]
) -> None:
    """Walls about as bright as where two bins of the histogram meet: a small step moves them to the next."""
    wall = 64 * (1 + round(light)) / np.sqrt(gain, dtype=np.float32)
    frames = (wall + light * (shot(seed, 60) - 128) / 12).astype(np.float32)
    frames[25:45] *= np.float32(gain)
    assert len(split(frames)) == 1


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("gain", [1.0, 0.95])
def test_somebody_else_in_the_same_chair_is_a_cut(seed: int, gain: float) -> None:
    before, after = shot(seed, 30), gain * shot(seed, 30)
    for frames, person in ((before, 10 + seed), (after, 20 + seed)):
        frames[:, 20:60, 60:90] = shot(person, 30)[:, 20:60, 60:90]
    assert table(split(before, after)) == [(0, START), (30, CUT)]


def test_what_a_change_of_exposure_leaves() -> None:
    rng = np.random.default_rng(5)
    thumb = rng.uniform(20, 200, ROWS * COLUMNS * 3).astype(np.float32)
    warmer = (thumb.reshape(-1, 3) * np.array([0.9, 1.0, 1.1], np.float32)).ravel()
    assert exposed(thumb, thumb) == 0
    assert exposed(thumb, warmer) == pytest.approx(0, abs=1e-3)
    assert exposed(thumb, 0.5 * thumb) > 20  # a light that goes out
    other = thumb.copy()
    other[:3] += 90  # one cell
    assert exposed(thumb, other) > 60
    black = np.zeros_like(thumb)
    assert exposed(black, thumb) == pytest.approx(thumb.reshape(-1, 3).mean(1).max(), rel=1e-5)


@pytest.mark.parametrize("speed", [1.0, 5.0, 12.0])
def test_a_pan_is_no_cut(speed: float) -> None:
    assert len(split(shot(0, 12, speed=speed))) == 1


def test_a_drawing_animated_on_threes_is_one_shot() -> None:
    frames = np.repeat(shot(0, 20, speed=4.0), 3, axis=0)
    assert len(split(frames)) == 1


@pytest.mark.parametrize("length", [8, 12, 24, 36, 48])
def test_a_dissolve_is_bounded_at_its_middle(length: int) -> None:
    a, b = shot(0, 30 + length), shot(1, 30 + length)
    shots = split(a[:-length], mixed(a[-length:], b[:length]), b[length:])
    assert shots.transition.tolist() == [START, DISSOLVE]
    assert abs(shots.start[1] - (30 + length / 2)) <= 1.5


@pytest.mark.parametrize("clear", [1, 2, 3])
@pytest.mark.parametrize("length", [8, 12, 24, 36])
@pytest.mark.parametrize("first", [True, False])
def test_a_dissolve_at_the_end_of_a_film_is_bounded_at_its_middle(
    clear: int, length: int, first: bool
) -> None:
    """Of one of its pictures few frames are seen alone: the film begins or ends there."""
    a, b = shot(2, 60 + length), shot(3, 60 + length)
    before, after = (a[:clear], b[length:]) if first else (a[:-length], b[length:][:clear])
    shots = split(before, mixed(a[-length:], b[:length]), after)
    assert shots.transition.tolist() == [START, DISSOLVE]
    assert abs(shots.start[1] - (len(before) + length / 2)) <= 1


@pytest.mark.parametrize("speed", [1.0, 2.5])
@pytest.mark.parametrize("length", [8, 12])
def test_a_dissolve_between_cameras_that_move_is_found(speed: float, length: int) -> None:
    a, b = (shot(seed, 40 + length, speed=speed) for seed in (0, 1))
    shots = split(a[:-length], mixed(a[-length:], b[:length]), b[length:])
    assert shots.transition.tolist() == [START, DISSOLVE]
    assert abs(shots.start[1] - (40 + length / 2)) <= length / 3


@pytest.mark.parametrize("seeds", [(0, 1), (2, 3), (4, 5)])
@pytest.mark.parametrize("length", [18, 26, 36])
def test_a_long_dissolve_between_pans_is_found(seeds: tuple[int, int], length: int) -> None:
    """Both shots have moved on by a third of the picture before it is over: the ends say nothing of it."""
    a, b = (shot(seed, 40 + length, speed=2.5) for seed in seeds)
    shots = split(a[:-length], mixed(a[-length:], b[:length]), b[length:])
    assert shots.transition.tolist() == [START, DISSOLVE]
    assert abs(shots.start[1] - (40 + length / 2)) <= length / 2


@pytest.mark.parametrize("seed", [0, 6, 8, 10])
def test_a_dissolve_between_people_who_run_is_found(seed: int) -> None:
    first, second = running(seed, 60), running(seed + 1, 60)
    shots = split(first[:-12], mixed(first[-12:], second[:12]), second[12:])
    (_, _), (start, kind) = table(shots)
    assert kind == DISSOLVE
    assert abs(start - 54) <= 4


@pytest.mark.parametrize("seed", range(6))
def test_people_who_run_are_no_dissolve(seed: int) -> None:
    assert table(split(running(seed, 60))) == [(0, START)]


@pytest.mark.parametrize("sigma", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("speed", [0.0, 0.5])
def test_a_picture_that_is_blurred_at_once_is_one_shot(sigma: float, speed: float) -> None:
    frames = shot(3, 80, speed=speed)
    frames[:, ::4, ::3] = frames[:, 1::4, ::3] = np.where(frames[:, ::4, ::3] > 128, 20, 235)  # details
    blurred = np.stack([cv2.GaussianBlur(frame, (0, 0), sigma) for frame in frames])
    assert table(split(frames[:30], blurred[30:60], frames[60:])) == [(0, START)]


@pytest.mark.parametrize("speed", [1.0, 2.5, 4.0, 8.0])
@pytest.mark.parametrize("seed", range(4))
def test_a_pan_between_two_rests_is_no_dissolve(seed: int, speed: float) -> None:
    scene, n = picture(seed), int(W / speed)
    way = W / 2 + speed * np.clip(np.arange(n + 40) - 20, 0, n)
    frames = np.stack([cv2.getRectSubPix(scene, (W, H), (float(x), 1.5 * H)) for x in way])
    assert DISSOLVE not in split(frames).transition


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("speed", [2.0, 4.0])
def test_a_slow_pan_over_smooth_content_is_no_dissolve(seed: int, speed: float) -> None:
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(0, 255, (6, 10, 3)).astype(np.float32)
    scene = cv2.resize(coarse, (5 * W, 3 * H), interpolation=cv2.INTER_CUBIC)
    assert (
        len(split(np.stack([cv2.getRectSubPix(scene, (W, H), (W + speed * i, H)) for i in range(120)]))) == 1
    )


def test_what_a_moving_camera_leaves() -> None:
    def cells(image: NDArray[np.float32]) -> NDArray[np.float32]:
        return image.reshape(-1).astype(np.float32)

    wide = np.random.default_rng(0).uniform(0, 255, (ROWS, COLUMNS + 3, 3))
    assert moved(cells(wide[:, 3:]), cells(wide[:, :-3])) == 0
    assert moved(cells(wide[:, 3:]), cells(wide[:, 3:])) == 0
    other = np.random.default_rng(1).uniform(0, 255, (ROWS, COLUMNS, 3))
    assert moved(cells(wide[:, 3:]), cells(other)) > 0.6


@pytest.mark.parametrize("colour", [0.0, 255.0])
@pytest.mark.parametrize("held", [1, 10])
def test_a_fade_is_bounded_in_its_flat_middle(colour: float, held: int) -> None:
    a, b, flat = shot(0, 40), shot(1, 40), np.full((40, H, W, 3), colour, np.float32)
    shots = split(a[:28], mixed(a[28:], flat[:12]), flat[:held], mixed(flat[:12], b[:12]), b[12:])
    assert shots.transition.tolist() == [START, FADE]
    assert abs(shots.start[1] - (40 + held / 2)) <= 1.5


def test_a_fade_in_at_the_start_and_out_at_the_end_bounds_nothing() -> None:
    a, black = shot(0, 60), np.zeros((20, H, W, 3), np.float32)
    assert len(split(black, mixed(black, a[:20]), a[20:40], mixed(a[40:], black), black)) == 1


def test_light_that_goes_down_is_no_dissolve() -> None:
    a = shot(0, 70)
    level = np.interp(np.arange(70), [20, 44], [1.0, 0.5]).astype(np.float32)[:, None, None, None]
    assert len(split(a * level)) == 1


def test_a_still_film_is_one_shot() -> None:
    assert len(split(np.full((50, H, W, 3), 90, np.float32))) == 1


def test_a_higher_floor_finds_less() -> None:
    a = shot(0, 40)
    assert len(split(a[:20], a[20:] * 0.8 + 20)) == 2
    assert len(split(a[:20], a[20:] * 0.8 + 20, splitter=ContentSplitter(floor=0.9))) == 1


def test_the_baseline_sees_new_colours_only() -> None:
    signals = [HistogramSplitter().signal(np.full((9, 16, 3), c, np.uint8)) for c in (0, 0, 250, 250)]
    assert table(HistogramSplitter()(np.stack(signals))) == [(0, START), (2, CUT)]


def test_two_runs_are_one_and_a_part_does_not_need_the_whole() -> None:
    splitter = ContentSplitter()
    frames = np.concatenate([shot(s, 40) for s in range(3)]).clip(0, 255).astype(np.uint8)
    signals = np.stack([splitter.signal(f) for f in frames])
    assert table(splitter(signals)) == table(splitter(signals.copy()))
    assert table(splitter(signals[20:100])) == [(0, START), (20, CUT), (60, CUT)]


@pytest.mark.parametrize("name", SPLITTERS)
def test_foreign_signals_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="signals must be"):
        SPLITTERS[name]()(np.zeros((3, 7), np.uint8))


def outstanding(frames: NDArray[np.float32], boundary: int) -> float:
    """How many times the motion around a boundary its change is: what `ratio` is compared to."""
    signals = np.stack([ContentSplitter().signal(f) for f in frames.clip(0, 255).astype(np.uint8)])
    pairs = [(boundary - 1 - k, boundary + k) for k in range(4)]
    lasting = min(float(distances(signals, np.array([a]), np.array([b]))[0]) for a, b in pairs)
    step = distances(signals, np.arange(len(signals) - 1), np.arange(1, len(signals)))
    return (lasting - ContentSplitter().floor) / float(activity(step)[boundary - 1])


@pytest.mark.parametrize("seed", range(3))  # whose scenes are not alike by chance
def test_a_cut_that_hardly_stands_out_of_a_pan_is_one_if_no_camera_explains_it(seed: int) -> None:
    panned = shot(seed, 45, speed=3.0)
    film = np.concatenate([panned, shot(seed + 50, 45, speed=3.0)])
    times = outstanding(film, 45)
    assert table(split(film, splitter=ContentSplitter(ratio=1.2 * times))) == [(0, START), (45, CUT)]
    assert table(split(film, splitter=ContentSplitter(ratio=1.6 * times))) == [(0, START)]
    jerked = np.concatenate([panned[:20], panned[35:]])  # the camera jumps ahead in its pan
    times = outstanding(jerked, 20)
    assert table(split(jerked, splitter=ContentSplitter(ratio=1.2 * times))) == [(0, START)]
