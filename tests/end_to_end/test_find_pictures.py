"""A picture that is lost stops nothing, and is made again where the film is there."""

from __future__ import annotations

import shutil

import pytest

from castlist import find
from castlist.cli import run


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
