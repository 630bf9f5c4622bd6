"""Parts of a film one after another: exactly the frames asked for, with their sound."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest
from render_seen import clock_of, pictures, video_of

from castlist.errors import InputError
from castlist.render import Film, cut, joined

RATE = 48_000


def wave(path) -> tuple[float, np.ndarray]:
    """When sound begins, and its samples."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    return float(frames[0].pts * frames[0].time_base), np.concatenate([f.to_ndarray()[0] for f in frames])


SPANS = [(0, 4), (7, 20), (21, 22), (30, 40)]


def test_the_frames_are_those_asked_for_at_times_that_follow_one_another(film, tmp_path) -> None:
    done = cut(video_of(film), clock_of(film), tmp_path / "reel.mp4", SPANS)
    wanted = [number for a, b in SPANS for number in range(a, b)]
    assert done.frames == len(wanted) == 28
    before, after = pictures(film), pictures(done.path)
    for number, image in zip(wanted, after, strict=True):
        apart = [np.abs(image.astype(int) - other).mean() for other in before]
        assert int(np.argmin(apart)) == number
    clock = clock_of(done.path)
    assert [clock.time(f) for f in range(29)] == [Fraction(f, 25) for f in range(29)]


def test_sound_is_as_long_as_the_picture_and_fades_at_every_cut(film, tmp_path) -> None:
    done = cut(video_of(film), clock_of(film), tmp_path / "reel.mp4", SPANS, fade=0.02)
    assert done.sound == ("aac, encoded as aac",)
    start, samples = wave(done.path)
    assert abs(start) < 0.001
    assert abs(len(samples) / RATE - 28 / 25) < 0.025
    loud = np.abs(samples)
    for edge in (4, 17, 18):  # frames of the reel at which a part ends
        at = edge * RATE // 25
        assert loud[at - 48 : at + 48].max() < 0.06 < loud[at + 1200 : at + 1600].max() or edge == 17
    assert loud[RATE // 25 * 10 :][:2000].max() > 0.1


def test_parts_far_into_a_film_of_uneven_rate_are_exact_too(make_film, tmp_path) -> None:
    stamps = np.cumsum(np.random.default_rng(5).choice([1, 2, 5], 200)).tolist()
    film = make_film(tmp_path / "uneven.mkv", pts=stamps)
    clock = clock_of(film)
    cut(video_of(film), clock, tmp_path / "reel.mp4", [(150, 153), (190, 200)])
    after = clock_of(tmp_path / "reel.mp4")
    first = clock.time(153) - clock.time(150)
    wanted = [clock.time(f) - clock.time(150) for f in (150, 151, 152)]
    wanted += [first + clock.time(f) - clock.time(190) for f in range(190, 200)]
    assert [after.time(f) for f in range(13)] == pytest.approx(wanted, abs=1e-3)
    before = pictures(film)
    for number, image in zip([150, 151, 152, *range(190, 200)], pictures(tmp_path / "reel.mp4"), strict=True):
        assert np.abs(image.astype(int) - before[number]).mean() < 4


def test_a_film_without_sound_gives_a_reel_without(make_film, tmp_path) -> None:
    film = make_film(tmp_path / "silent.mp4", sound="")
    assert cut(video_of(film), clock_of(film), tmp_path / "reel.mp4", [(3, 5)]).sound == ()


@pytest.mark.parametrize("spans", [[], [(5, 5)], [(-1, 3)], [(30, 41)]])
def test_parts_that_cannot_be_are_refused(film, tmp_path, spans) -> None:
    with pytest.raises(InputError, match="spans must each lie within the 40 frames"):
        cut(video_of(film), clock_of(film), tmp_path / "reel.mp4", spans)


def test_films_of_other_sizes_rates_and_sounds_follow_one_another(film, make_film, tmp_path) -> None:
    wide = make_film(tmp_path / "wide.mp4", size=(128, 48), sound="")
    uneven = make_film(tmp_path / "uneven.mkv", size=(32, 48), pts=np.cumsum([1, 2, 5, 1] * 10).tolist())
    films = [Film(video_of(f), clock_of(f), [(3, 6), (20, 21)]) for f in (film, wide, uneven)]
    done = joined(films, tmp_path / "reel.mp4")
    assert done.frames == 12
    wanted, at = [], Fraction(0)
    for each in films:
        for first, stop in each.spans:
            wanted += [at + each.clock.time(f) - each.clock.time(first) for f in range(first, stop)]
            at += each.clock.time(stop) - each.clock.time(first)
    after = clock_of(done.path)
    assert [after.time(f) for f in range(12)] == pytest.approx(wanted, abs=1e-4)
    shown = pictures(done.path)
    assert {image.shape for image in shown} == {(48, 128, 3)}
    for number, source, frame, left, width in (
        (0, film, 3, 32, 64),
        (4, wide, 3, 0, 128),
        (8, uneven, 3, 48, 32),
    ):
        inside = shown[number][:, left : left + width].astype(int)
        assert np.abs(inside - pictures(source)[frame]).mean() < 5
        outside = np.delete(shown[number], np.s_[left : left + width], axis=1)
        assert not outside.size or outside[:, [0, -1]].max() < 24
    _, samples = wave(done.path)
    assert abs(len(samples) / RATE - float(at)) < 0.03
    quiet = int(RATE * (wanted[4] + wanted[8]) / 2)  # the film without sound is silent
    assert np.abs(samples[quiet - 500 : quiet + 500]).max() < 0.01


def test_a_reel_never_takes_the_place_of_one_of_its_films(film, make_film, tmp_path) -> None:
    other = make_film(tmp_path / "other.mp4")
    films = [Film(video_of(f), clock_of(f), [(0, 2)]) for f in (film, other)]
    with pytest.raises(InputError, match="is the film itself"):
        joined(films, other)
