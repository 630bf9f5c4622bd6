"""Redaction from end to end on a small drawn film: the people that the real detector finds in the output."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from castlist.cli import run
from castlist.decode import open_video, read_frames
from castlist.errors import InputError
from castlist.redact import check, redact
from castlist.store import Workspace


@pytest.fixture(scope="module")
def small(two_people, tmp_path_factory):
    """(film, workspace, names of the person on the left and on the right)."""
    folder = tmp_path_factory.mktemp("redact") / "copy"
    shutil.copytree(two_people, folder)
    with Workspace.open(folder / "film.castlist", write=False) as keep:
        cast = keep.cast()
    by_place = sorted(cast.people, key=lambda p: np.mean([f.box[0] for f in p.faces if f.frame < 20]))
    return folder / "film.mp4", folder / "film.castlist", [p.name for p in by_place]


@pytest.fixture(scope="module")
def public(small, tmp_path_factory):
    """The film with only the person on the left visible."""
    output = tmp_path_factory.mktemp("out") / "public.mp4"
    return redact(small[1], output, keep=[small[2][0]])


def pixels(path: Path, frame: int) -> np.ndarray:
    with read_frames(open_video(path)) as reader:
        return next(f.image.astype(int) for n, f in enumerate(reader) if n == frame)


def test_only_the_kept_person_can_be_seen_and_the_proof_holds(small, public) -> None:
    film, _, names = small
    assert public.proved
    assert public.kept == (names[0],)
    before, after = pixels(film, 10), pixels(public.output, 10)
    assert np.abs(before - after)[40:120, 60:120].mean() < 6
    assert after[60:100, 220:242].max() < 24


def test_the_report_says_what_was_done_with_checksums(small, public) -> None:
    from hashlib import sha256

    told = public.document()
    assert told["film"]["sha256"] == sha256(small[0].read_bytes()).hexdigest()
    assert told["output"]["sha256"] == sha256(public.output.read_bytes()).hexdigest()
    assert told["proof"]["leaks"] == []
    assert told["hidden"]["faces"] > 10
    assert json.loads(json.dumps(told)) == told


def test_the_film_itself_fails_the_proof_and_the_moments_are_listed(small) -> None:
    film, place, names = small
    seen = check(place, film, keep=[names[0]])
    assert not seen.proved
    assert "NOT safe" in seen.sentence
    (leak,) = seen.leaks
    assert 0 <= leak.start < 0.2
    assert 0.7 < leak.stop <= 0.84
    assert leak.box[0] > 160
    assert not check(place, film, hide=[names[1]]).proved


def test_hiding_the_one_is_keeping_the_other(small, public, tmp_path) -> None:
    done = redact(small[1], tmp_path / "out.mkv", hide=[small[2][1]])
    assert (done.kept, done.proved) == (public.kept, True)


def test_blurred_faces_are_not_found_again(small, tmp_path) -> None:
    assert redact(small[1], tmp_path / "out.mp4", keep=[small[2][0]], style="blur").proved


def test_everybody_can_be_hidden(small, tmp_path, capsys) -> None:
    output = tmp_path / "out.mp4"
    done = redact(small[1], output, hide_all=True)
    assert (done.kept, done.proved) == ((), True)
    assert "nobody can be seen" in done.sentence
    assert run(["redact", str(small[1]), "--hide-all", "--check", str(output), "-q"]) == 0
    assert run(["redact", str(small[1]), "--hide-all", "--check", str(small[0]), "-q"]) == 1
    told = capsys.readouterr().out
    assert "a second search found 3 faces. Say in castlist review" in told


def test_nobody_named_or_an_unknown_name_is_one_sentence(small, tmp_path) -> None:
    with pytest.raises(InputError, match="say either who stays visible"):
        redact(small[1], tmp_path / "out.mp4")
    with pytest.raises(InputError, match="did you mean Person 1"):
        redact(small[1], tmp_path / "out.mp4", keep=["Persn 1"])
    assert not list(tmp_path.iterdir())


def test_the_command_writes_film_and_report_and_fails_where_the_proof_does(small, tmp_path, capsys) -> None:
    film, place, names = small
    output = tmp_path / "public.mp4"
    assert run(["redact", str(film), "--keep", names[0].upper(), "-o", str(output), "-q"]) == 0
    assert f"only {names[0]} can be seen" in capsys.readouterr().out
    assert json.loads((tmp_path / "public.mp4.redaction.json").read_text())["proved"]
    assert run(["redact", str(place), "--keep", names[0], "--check", str(output), "-q"]) == 0
    capsys.readouterr()
    assert run(["redact", str(place), "--keep", names[0], "--check", str(film), "-q"]) == 1
    told = capsys.readouterr().out
    assert "NOT safe" in told
    assert "frame" in told


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--keep", "Person 1"], "give either -o public.mp4"),
        (["--keep", "Person 1", "--hide", "Person 2", "-o", "OUT.mp4"], "say either who stays visible"),
        (["--keep", "Person 1", "--hide-all", "-o", "OUT.mp4"], "or that everybody is hidden (--hide-all)"),
        (["--keep", "Nobody", "-o", "OUT.mp4"], "nobody is called"),
        (["--keep", "Person 1", "-o", "OUT.txt"], "a film can be written as"),
        (["--keep", "Person 1", "-o", "FILM"], "is the film itself"),
        (["--keep", "Person 1", "--check", "MISSING.mp4"], "does not exist"),
    ],
)
def test_what_cannot_be_done_is_status_two_and_a_sentence(small, tmp_path, capsys, options, sentence) -> None:
    places = {"FILM": str(small[0])}
    asked = [places.get(o, o.replace("OUT", str(tmp_path / "out"))) for o in options]
    assert run(["redact", str(small[1]), *asked, "-q"]) == 2
    assert sentence in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def doubted(place: Path, to: Path, track: int, sureness: float) -> Path:
    """A copy of a workspace with another probability for a track."""
    shutil.copytree(place, to)
    with Workspace.open(to) as opened:
        base, (number, _) = opened.machine(), opened.cast_run()
        values = base.sureness.copy()
        values[track] = sureness
        opened.put("machine", f"run {number}", replace(base, sureness=values))
    return to


def test_a_track_of_a_kept_person_that_is_not_sure_is_hidden_until_it_is_confirmed(
    small, tmp_path, capsys
) -> None:
    _, place, names = small
    with Workspace.open(place, write=False) as opened:
        cast = opened.cast()
    track = cast[names[0]].tracks[0]
    copy = doubted(place, tmp_path / "doubted.castlist", track, 0.62)
    output = tmp_path / "public.mp4"
    command = ["redact", str(copy), "--keep", names[0], "-o", str(output), "-q"]
    assert run(command) == 0
    told = capsys.readouterr().out
    assert f"1 track that probably shows {names[0]} is hidden too, because castlist is not sure" in told
    assert f"track {track}, {names[0]} with p = 0.62" in told
    assert f"castlist decide {copy} confirm {track}" in told
    middle = int(cast.tracks.frame[cast.tracks.rows(track)][cast.tracks.size[track] // 2])
    assert pixels(output, middle)[60:100, 78:102].max() < 24
    (told,) = json.loads((tmp_path / "public.mp4.redaction.json").read_text())["hidden_as_unsure"]
    assert (told["track"], told["probability"]) == (track, 0.62)
    assert told["start"] < told["stop"]
    assert run(["decide", str(copy), "confirm", str(track)]) == 0
    capsys.readouterr()
    assert run(command) == 0
    assert "not sure" not in capsys.readouterr().out
    assert pixels(output, middle)[60:100, 78:102].max() > 100


def test_tracks_that_are_sure_stay_open_and_with_hide_unsure_ones_are_hidden(small, tmp_path) -> None:
    from castlist.redact.redact import MARGINS, _Job, _Named
    from castlist.types import Machine

    _, place, names = small
    with Workspace.open(place, write=False) as opened:
        track = opened.cast()[names[0]].tracks[0]
    asked = _Named([], [names[1]], hide_all=False)
    unsure = []
    for sureness in (0.95, 0.62):
        copy = doubted(place, tmp_path / f"{sureness}.castlist", track, sureness)
        unsure.append(_Job.of(copy, asked, "solid", MARGINS, Machine(), lambda *_: None).unsure)
    assert [[each.track for each in found] for found in unsure] == [[], [track]]


def test_a_workspace_that_does_not_say_how_sure_it_is_must_be_found_again(small, tmp_path, capsys) -> None:
    _, place, names = small
    copy = tmp_path / "old.castlist"
    shutil.copytree(place, copy)
    with Workspace.open(copy) as opened:
        number = opened.cast_run()[0]
        older = replace(opened.machine(), sureness=np.zeros(0, np.float32))
        opened.put("machine", f"run {number}", older)
    command = ["redact", str(copy), "--keep", names[0], "-o", str(tmp_path / "out.mp4"), "-q"]
    assert run(command) == 2
    assert "does not say how sure castlist is of each face" in capsys.readouterr().err
    assert not (tmp_path / "out.mp4").exists()
    assert run(["redact", str(copy), "--hide-all", "-o", str(tmp_path / "out.mp4"), "-q"]) == 0
    assert run(["find", str(small[0]), "-o", str(copy), "-q"]) == 0  # measures it
    assert run(command) == 0


def test_the_dense_pass_is_kept_for_the_next_time(small, public) -> None:
    from castlist.types import Detections

    with Workspace.open(small[1], write=False) as keep:
        cast = keep.cast()
        from castlist.redact.redact import _search

        assert keep.get("dense", f"{_search(keep)!r} {cast.video.digest}", Detections) is not None


def test_numbers_that_are_no_places_hide_the_same_people(small, tmp_path) -> None:
    from castlist.cast import Cast
    from castlist.redact.redact import MARGINS, _Job, _Named
    from castlist.types import Machine

    _, place, names = small
    named = _Named([names[0]], [], hide_all=False)
    jobs = []
    for numbers in ((1, 2), (41, 7)):
        folder = tmp_path / f"{numbers[0]}.castlist"
        shutil.copytree(place, folder)
        with Workspace.open(folder) as keep:
            c = keep.cast()
            again = Cast.of(
                c.video, c.clock, c.shots, c.tracks, c.person, fate=c.fate, reason=c.reason,
                names=[p.name for p in c.everybody], numbers=numbers,
            )  # fmt: skip
            keep.put_cast(again, keep.portraits())
        jobs.append(_Job.of(folder, named, "solid", MARGINS, Machine(), lambda *_: None).plan([]))
    assert np.array_equal(jobs[0].covers.box, jobs[1].covers.box)
    assert np.array_equal(jobs[0].open_frame, jobs[1].open_frame)
