"""A session whose stored decisions count, even if the report cannot be updated after them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from castlist.review.saving import NotUpdated
from castlist.review.session import Session

__all__ = ["deciding"]


@contextmanager
def deciding(place: Path | str, tell: Callable[[str], object] = lambda sentence: None) -> Iterator[Session]:
    """A session that ends without an error once its decisions are stored, since a retry would decide twice.

    Args:
        tell: called with a sentence if the report could not be updated.

    Raises:
        WorkspaceError: see `Session.open`.
    """
    try:
        with Session.open(place) as session:
            yield session
    except NotUpdated as error:
        tell(str(error))
