"""Files that users name must be regular files: others are refused with one sentence, without waiting."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from castlist.errors import CastlistError, InputError
from castlist.plain import read_plain


def test_the_bytes_of_a_file_and_of_a_link_to_one(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"bytes")
    (tmp_path / "b").symlink_to("a")
    assert read_plain(tmp_path / "a", 5, "a word") == read_plain(tmp_path / "b", 5, "a word") == b"bytes"
    with pytest.raises(InputError, match="too large for a word"):
        read_plain(tmp_path / "a", 4, "a word")


def readers() -> dict[str, object]:
    from castlist.io.imports.files import read
    from castlist.library.photo import _read
    from castlist.recipe import Recipe
    from castlist.refine.model import Refined
    from castlist.research.bench.results import Store
    from castlist.research.from_film import read_truth

    assert Store
    return {"names": read, "photo": _read, "truth": read_truth, "recipe": Recipe.read, "model": Refined.load}


@pytest.mark.skipif(sys.platform == "win32", reason="needs pipes and devices")
@pytest.mark.parametrize("what", ["names", "photo", "truth", "recipe", "model"])
@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "giant", "none"])
def test_no_reader_of_a_users_file_waits(what: str, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "given"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path = Path("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    elif kind == "giant":
        with path.open("wb") as file:
            file.truncate(1 << 40)
    with pytest.raises(CastlistError, match=r"^[^\n]{1,300}$"):
        readers()[what](path)  # type: ignore[operator]
