"""The main job on drawn films with the real models: who appears when, interrupted or not."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

import castlist
from castlist.io.exports import FORMATS
from castlist.metrics import b_cubed
from castlist.pipeline import find
from castlist.store import Workspace
from castlist.types import Machine


def overlap(a, b):
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    common = np.prod(np.clip(high - low, 0, None))
    return common / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - common)


def matched(cast, truth):
    """[(true person, found person or -1)] of every face of the truth that was found at IoU 0.4."""
    found = {}
    for row, track in enumerate(cast.tracks.track):
        found.setdefault(int(cast.tracks.frame[row]), []).append(
            (cast.tracks.box[row], int(cast.person[track]))
        )
    pairs = []
    for frame, box, person in zip(truth.frame, truth.box, truth.person, strict=True):
        near = [(overlap(box, b), who) for b, who in found.get(int(frame), [])]
        best, who = max(near, default=(0.0, -1))
        if person >= 0:
            pairs.append((int(person), who if best >= 0.4 else None))
    return pairs


def exported(folder, path):
    with Workspace.open(folder, write=False) as workspace:
        FORMATS["faces"].write(workspace.cast(), path)
    return path.read_bytes()


def test_everybody_is_found_and_nobody_twice(found_film, small_film):
    cast, truth = found_film[0], small_film[1]
    pairs = matched(cast, truth)
    seen = [(t, p) for t, p in pairs if p is not None and p >= 0]
    assert len(seen) / len(pairs) > 0.95
    assert b_cubed(*map(np.array, zip(*seen, strict=True))).f1 > 0.98
    assert len(cast) == 3


def test_screen_times_are_those_of_the_script(found_film, small_film):
    cast, truth = found_film[0], small_film[1]
    pairs = [(t, p) for t, p in matched(cast, truth) if p is not None and p >= 0]
    for who in range(3):
        true_seconds = len(np.unique(truth.frame[truth.person == who])) / 25
        ((found, _),) = Counter(p for t, p in pairs if t == who).most_common(1)
        assert cast[found].screen_time == pytest.approx(true_seconds, abs=0.4)


def test_cuts_are_those_of_the_script(found_film, small_film):
    assert found_film[0].shots.start.tolist() == small_film[1].shots.start.tolist()


def test_the_public_api_reads_as_the_readme_says(found_film):
    cast = found_film[0]
    for person in cast:
        assert isinstance(person.name, str)
        assert person.screen_time > 0
        assert person.appearances[0].start < person.appearances[0].stop
        assert person.faces[0].quality >= person.faces[-1].quality or len(person.tracks) > 1
    assert castlist.find is find


def test_the_workspace_holds_what_the_report_shows(found_film):
    cast, folder = found_film
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert all(person.name in page for person in cast)
    with Workspace.open(folder, write=False) as workspace:
        again = workspace.cast()
        assert [p.appearances for p in again] == [p.appearances for p in cast]
        for person in again:
            assert workspace.image(person.faces[0].image)[:2] == b"\xff\xd8"


def test_a_second_run_does_nothing_again(found_film, small_film):
    cast, folder = found_film
    stages = []
    again = find(
        small_film[0], workspace=folder, watch=lambda stage, done, total: stages.append((stage, done))
    )
    assert stages == [("scan", len(cast.clock))]
    assert [p.appearances for p in again] == [p.appearances for p in cast]
    assert [p.id for p in again] == [p.id for p in cast]


def test_threads_change_nothing(found_film, small_film, tmp_path):
    find(small_film[0], workspace=tmp_path / "one.castlist", machine=Machine(threads=1))
    one = exported(tmp_path / "one.castlist", tmp_path / "one.csv")
    many = exported(found_film[1], tmp_path / "many.csv")
    assert one == many


@pytest.fixture(scope="module")
def longer_film(tmp_path_factory):
    from castlist.drawn import FILMS, Script, render

    demo = FILMS["demo"]()
    script = Script("longer", demo.looks, demo.scenes[:7], width=320, height=180)
    path = tmp_path_factory.mktemp("longer") / "longer.mp4"
    render(script, path)
    return path


def test_killed_at_random_moments_it_ends_with_the_same_cast(longer_film, tmp_path):
    """SIGKILL at ten random moments; every next run goes on, and the CSV is the same, byte for byte."""
    command = [sys.executable, "-m", "castlist", "find", str(longer_film), "--quiet", "--out"]
    undisturbed, killed = tmp_path / "a.castlist", tmp_path / "b.castlist"
    started = time.monotonic()
    subprocess.run([*command, str(undisturbed)], check=True, stdout=subprocess.DEVNULL)
    whole = time.monotonic() - started
    moments, deaths = np.random.default_rng(7), 0
    for _ in range(10):
        process = subprocess.Popen([*command, str(killed)], stdout=subprocess.DEVNULL)
        try:
            process.wait(timeout=moments.uniform(0.1, 0.9) * whole)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            deaths += 1
        process.wait()
    assert deaths
    subprocess.run([*command, str(killed)], check=True, stdout=subprocess.DEVNULL)
    assert exported(killed, tmp_path / "b.csv") == exported(undisturbed, tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="") as file:
        assert sum(1 for _ in csv.DictReader(file)) > 100


@pytest.mark.parametrize("setting", ["refine.use=none", "refine.use=ssiam", "link.use=ward", "cut.use=auto"])
def test_other_recipes_find_the_same_people(small_film, found_film, tmp_path, setting):
    from castlist import Recipe

    cast = find(small_film[0], workspace=tmp_path / "other.castlist", recipe=Recipe().with_setting(setting))
    assert len(cast) == len(found_film[0])


def test_decisions_outlive_another_run(small_film, found_film, tmp_path):
    from castlist.decisions import Anchor, Decision

    cast, folder = found_film[0], tmp_path / "decided.castlist"
    find(small_film[0], workspace=folder)

    def anchor(person, side=0):
        face = person.faces[0]
        return Anchor.at(cast.clock, cast.video, face.frame, np.array(face.box), side)

    first, second, _ = cast
    with Workspace.open(folder) as workspace:
        workspace.decisions.append(Decision("name", (anchor(first),), "Ada"))
        workspace.decisions.append(Decision("background", (anchor(second),)))
    again = find(small_film[0], workspace=folder)
    assert again["Ada"].duration == first.duration
    assert len(again) == 2
    assert [p.duration for p in again.background] == [second.duration]


@pytest.fixture(scope="module")
def looked_at(found_film):
    """(video, recipe, scan) of the small film."""
    from castlist import Recipe

    with Workspace.open(found_film[1], write=False) as keep:
        video, recipe = keep.video(), Recipe.parse(keep.runs()[-1].recipe)
        return video, recipe, keep.scan(recipe.scan_key(video))


def blurred(scan, cast, track, *, like_nobody=True):
    """The scan with no detail in any face of a track, which then (`like_nobody`) resembles no person."""
    quality, vector = scan.quality.copy(), scan.vector.copy()
    faces = cast.tracks.detection[cast.tracks.rows(track)]
    quality[faces] = 0
    if like_nobody:
        vector[np.isin(scan.embedded, faces)] = np.random.default_rng(0).normal(size=vector.shape[1])
    return replace(scan, quality=quality, vector=vector)


def decided(video, found, decisions):
    """The cast after these decisions."""
    from castlist.decisions import apply, cast_of
    from castlist.pipeline.publish import base_of

    base = base_of(found)
    log = [replace(made, id=i) for i, made in enumerate(decisions, 1)]
    return cast_of(base, video, apply(base, video, log))


def anchor(cast, track):
    from castlist.decisions import Anchor

    row = cast.tracks.offset[track]
    return Anchor.at(cast.clock, cast.video, int(cast.tracks.frame[row]), cast.tracks.box[row])


def test_a_face_too_blurred_to_tell_is_kept_apart_until_somebody_says_who_it_is(found_film, looked_at):
    from castlist.decisions import Decision
    from castlist.pipeline.identify import identify
    from castlist.track import TOO_BLURRED
    from castlist.types import BACKGROUND, PERSON

    cast, (video, recipe, seen) = found_film[0], looked_at
    person = next(p for p in cast if len(p.tracks) > 1)
    lost, other = person.tracks[:2]
    scan = blurred(seen, cast, lost)
    everything = identify(video, scan, recipe)
    assert np.array_equal(everything.constraints.cannot, identify(video, seen, recipe).constraints.cannot)
    assert lost not in everything.embeddings.track
    found = everything.cast
    assert (found.person == found.person[lost]).sum() == 1
    assert found.fate[lost] == BACKGROUND
    assert found.reason[lost] == TOO_BLURRED
    assert len(found) == len(cast)
    rest = [t for t in range(len(cast.tracks)) if t != lost]
    assert b_cubed(cast.person[rest], found.person[rest]).f1 == 1

    def told(*decisions):
        return decided(video, identify(video, scan, recipe), decisions)

    together = told(Decision("same", (anchor(cast, lost), anchor(cast, other))))
    assert together.person[lost] == together.person[other]
    assert together.fate[lost] == PERSON
    for kind, value, fate in (
        ("name", "Ada", BACKGROUND),
        ("background", "", BACKGROUND),
        ("foreground", "", PERSON),
    ):
        alone = told(Decision(kind, (anchor(cast, lost),), value))
        assert (alone.person == alone.person[lost]).sum() == 1
        assert alone.fate[lost] == fate
        assert b_cubed(cast.person[rest], alone.person[rest]).f1 == 1


def test_a_blurred_track_joins_whom_its_faces_are_like(found_film, looked_at):
    from castlist.pipeline.identify import identify
    from castlist.types import PERSON

    cast, (video, recipe, seen) = found_film[0], looked_at
    person = next(p for p in cast if len(p.tracks) > 1)
    lost = person.tracks[0]
    found = identify(video, blurred(seen, cast, lost, like_nobody=False), recipe)
    assert lost not in found.embeddings.track
    assert b_cubed(cast.person, found.cast.person).f1 == 1
    assert found.cast.fate[lost] == PERSON
    assert found.cast.reason[lost] == ""


def test_what_is_said_by_way_of_a_blurred_face_holds_for_clear_ones(found_film, looked_at):
    from castlist.decisions import Decision
    from castlist.pipeline.identify import identify

    cast, (video, recipe, seen) = found_film[0], looked_at
    together = {tuple(sorted(pair)) for pair in identify(video, seen, recipe).constraints.cannot.tolist()}
    one, lost, other = next(
        (a, b, c)
        for a in cast[0].tracks
        for b in cast[1].tracks
        for c in cast[2].tracks
        if not together & {(min(p), max(p)) for p in ((a, b), (b, c), (a, c))}
    )
    said = [Decision("same", (anchor(cast, a), anchor(cast, b))) for a, b in ((one, lost), (lost, other))]
    told = decided(video, identify(video, blurred(seen, cast, lost), recipe), said)
    assert told.person[one] == told.person[lost] == told.person[other]
