"""Imports of optional packages: the message for a missing one has the command that installs it."""

from importlib import import_module
from pathlib import Path

import pytest

from castlist.errors import MissingExtra
from castlist.extras import needed


@pytest.mark.parametrize("package", ["no_such_package", "half_installed"])
def test_a_package_that_is_missing_or_broken_is_named_with_its_command(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "half_installed.py").write_text("from json import no_such_name")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingExtra, match="drawing needs packages that are not installed: pip install"), \
            needed("drawing", "plots"):  # fmt: skip
        import_module(package)


def test_the_part_within_is_the_one_that_is_named() -> None:
    with pytest.raises(MissingExtra, match="the inner part needs"), needed("the outer part", "plots"), \
            needed("the inner part", "faiss"):  # fmt: skip
        raise ModuleNotFoundError("no", name="faiss")


def test_a_mistake_of_castlist_is_no_missing_package() -> None:
    with pytest.raises(ModuleNotFoundError, match="castlist"), needed("drawing", "plots"):
        import castlist.no_such_module  # noqa: F401
