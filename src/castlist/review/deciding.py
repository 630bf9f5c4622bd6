"""A session for decisions that count as made, also where the report cannot be updated after them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from castlist.review.saving import NotUpdated
from castlist.review.session import Session

__all__ = ["deciding"]


@contextmanager
def deciding(place: Path | str, tell: Callable[[str], object] = lambda sentence: None) -> Iterator[Session]:
    """A session whose end is no error where its decisions are stored: whoever tries again decides twice.

    Args:
        tell: told the sentence about a report that could not be updated.

    Raises:
        WorkspaceError: as `Session.open`.
    """
    try:
        with Session.open(place) as session:
            yield session
    except NotUpdated as error:
        tell(str(error))
