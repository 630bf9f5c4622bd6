"""The pictures of a page: each read once, all within a size limit."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable

from castlist.dark_pictures import brightened_jpeg
from castlist.errors import CastlistError

__all__ = ["Album"]

BUDGET = 6_000_000  # bytes of pictures in one page
LARGEST = 60_000  # of one picture: thumbs are small, so a larger file is no thumb of castlist
KINDS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


class Album:
    """Turns file names of thumbs into data URIs until the budget is used up; dark thumbs are brightened."""

    def __init__(self, thumbs: Callable[[str], bytes] | None, budget: int = BUDGET) -> None:
        self._thumbs = thumbs
        self._left = budget
        self._uri: dict[str, str] = {}
        self.brightened = False  # whether any picture was brightened

    def __getitem__(self, image: str) -> str:
        """The data URI of a picture that `take` read; "" for other pictures."""
        return self._uri.get(image, "")

    def take(self, images: Iterable[str]) -> None:
        """Read pictures, in this order, as long as the budget allows."""
        for image in images:
            if image and self._thumbs is not None and self._left > 0 and image not in self._uri:
                self._uri[image] = self._fetch(image)

    def _fetch(self, image: str) -> str:
        """A picture as data URI; "" if it is missing, is no picture, or is larger than a thumb."""
        try:
            data = self._thumbs(image) if self._thumbs else b""
        except (OSError, LookupError, ValueError, CastlistError):
            return ""
        kind = next((k for magic, k in KINDS.items() if data.startswith(magic)), "")
        if not kind or len(data) > LARGEST:
            return ""
        shown = brightened_jpeg(data)
        self.brightened |= shown is not data
        data = shown if len(shown) <= LARGEST else data
        if len(data) > self._left:
            return ""
        self._left -= len(data)
        return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
