"""A picture or vectors that are lost stop nothing, and are made again where the film is there."""

from __future__ import annotations

import shutil
import sqlite3

import pytest

from castlist import find
from castlist.cli import run
from castlist.errors import WorkspaceError
from castlist.store import Workspace


@pytest.fixture
def workspace(small_film, found_film, tmp_path):
    """A copy of a found workspace, its film, and its pictures."""
    place = tmp_path / "film.castlist"
    shutil.copytree(found_film[1], place)
    return small_film[0], place, {p: p.read_bytes() for p in sorted(place.glob("thumbs/*/*.jpg"))}


def harm(pictures):
    """As a power cut does: some are gone, some empty, some hold zeros."""
    for i, (path, data) in enumerate(pictures.items()):
        if i % 3 == 0:
            path.unlink()
        else:
            path.write_bytes(bytes(len(data)) if i % 3 == 1 else b"")


def test_pictures_are_made_again_byte_by_byte(workspace):
    film, place, pictures = workspace
    harm(pictures)
    find(film, workspace=place)
    assert {p: p.read_bytes() for p in sorted(place.glob("thumbs/*/*.jpg"))} == pictures


def test_a_film_that_is_cut_short_by_now_gives_what_it_has(workspace, monkeypatch):
    from castlist.errors import VideoError
    from castlist.pipeline import pictures as room

    film, place, pictures = workspace
    harm(pictures)
    plain = room.read_frames

    def short(*arguments, **options):
        reader = plain(*arguments, **options)

        class Short:
            def __enter__(self):
                reader.__enter__()
                return self

            def __exit__(self, *error):
                return reader.__exit__(*error)

            def __iter__(self):
                for i, frame in enumerate(reader):
                    if i == 60:
                        raise VideoError("the film ends here")
                    yield frame

        return Short()

    monkeypatch.setattr(room, "read_frames", short)
    find(film, workspace=place)
    again = [p for p in pictures if p.is_file() and p.read_bytes() == pictures[p]]
    assert 0 < len(again) < len(pictures)


@pytest.mark.parametrize(
    "words", [["info"], ["decide", "not-a-face", "0"], ["explain", "1", "2"], ["export"]]
)
def test_verbs_go_on_without_pictures(workspace, words, capfd):
    _, place, pictures = workspace
    harm(pictures)
    assert run([words[0], str(place), *words[1:]]) == 0
    assert capfd.readouterr().err == ""


def gone(shard):
    shard.unlink()


def emptied(shard):
    shard.write_bytes(b"")


def zeroed(shard):
    shard.write_bytes(bytes(shard.stat().st_size))


@pytest.mark.parametrize("lose", [gone, emptied, zeroed, lambda shard: shutil.rmtree(shard.parent)])
def test_lost_vectors_are_made_again_byte_by_byte_and_decisions_hold(workspace, lose):
    film, place, _ = workspace
    assert run(["decide", str(place), "name", "p1", "Ann"]) == 0
    with Workspace.open(place, write=False) as before:
        cast = before.cast()
    shards = {p: p.read_bytes() for p in sorted(place.glob("embeddings/*.npy"))}
    lose(min(shards))
    found = find(film, workspace=place)
    assert {p: p.read_bytes() for p in sorted(place.glob("embeddings/*.npy"))} == shards
    assert found["Ann"].appearances == cast["Ann"].appearances
    assert [person.name for person in found] == [person.name for person in cast]


def test_vectors_lost_from_a_scan_that_was_stopped_are_made_again(workspace):
    film, place, _ = workspace
    shards = {p: p.read_bytes() for p in sorted(place.glob("embeddings/*.npy"))}
    with sqlite3.connect(place / "cast.db") as db:
        db.execute("UPDATE scans SET finished = NULL")
        db.execute("DELETE FROM segments WHERE number = (SELECT max(number) FROM segments)")
    gone(min(shards))
    find(film, workspace=place, replace=True)
    assert {p: p.read_bytes() for p in sorted(place.glob("embeddings/*.npy"))} == shards


def test_where_somebody_was_erased_no_new_scan_brings_the_person_back(workspace):
    film, place, _ = workspace
    with Workspace.open(place) as opened:
        tracks = [int(t) for t in opened.cast()[0].tracks]
        opened.erase(tracks, ("Person 1",))
    gone(min(place.glob("embeddings/*.npy")))
    with pytest.raises(WorkspaceError, match="--out in another folder: a person was erased here"):
        find(film, workspace=place)
