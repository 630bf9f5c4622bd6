"""A decoded frame as a picture with correct colours, aspect ratio and rotation. Runs in the decoding child.

swscale converts pixels to 8-bit BGR with the matrix and range of the frame; a frame without these is read as
BT.709 if it is larger than standard definition and otherwise as BT.601, as players do. Where the fields of an
interlaced frame differ, one of them is shown. High dynamic range is mapped to that of an ordinary screen.
Transparency is ignored.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from castlist.decode.fields import deinterlaced
from castlist.decode.high_range import FORMAT, ScreenColours, is_high_range, is_ordinary

if TYPE_CHECKING:
    import av
    from av.video.reformatter import VideoReformatter

# AVColorSpace (ITU-T H.273 matrix coefficients) -> swscale's names; others count as unspecified.
_MATRIX = {1: "ITU709", 4: "FCC", 5: "ITU601", 6: "ITU601", 7: "SMPTE240M", 9: "BT2020", 10: "BT2020"}


class Orientation(NamedTuple):
    """How a frame is rotated for display; the flips come after the transposition."""

    transpose: bool
    flip_x: bool
    flip_y: bool


def orientation(frame: av.VideoFrame) -> Orientation:
    """How a frame is rotated for display.

    The display matrix maps a pixel (x, y) to (a x + c y, b x + d y); other angles are rounded to the nearest
    quarter turn.
    """
    try:
        data = frame.side_data["DISPLAYMATRIX"]
    except KeyError:
        return Orientation(False, False, False)
    a, b, _, c, d = np.frombuffer(bytes(data), np.int32)[:5].tolist()
    if abs(b) + abs(c) > abs(a) + abs(d):
        return Orientation(True, c < 0, b < 0)
    return Orientation(False, a < 0, d < 0)


def shown_size(width: int, height: int, aspect: Fraction | None, transpose: bool) -> tuple[int, int]:
    """Width and height of a stored frame on display: stretched to square pixels, then rotated."""
    # Any other aspect comes from a broken header, not from a lens.
    if aspect and Fraction(1, 8) <= aspect <= 8:
        width = max(1, round(width * aspect))
    return (height, width) if transpose else (width, height)


def fitted_size(width: int, height: int, max_side: int) -> tuple[int, int]:
    """The size of a frame scaled down to a long side of at most `max_side`; 0: unchanged."""
    long = max(width, height)
    if not max_side or long <= max_side:
        return width, height
    return max(1, round(width * max_side / long)), max(1, round(height * max_side / long))


class Painter:
    """Converts frames to BGR pictures of one size, whatever the size, format and rotation of each frame."""

    def __init__(self, width: int, height: int, *, smooth: bool = False) -> None:
        """`smooth` makes each pixel the mean of the area that it covers, for much smaller pictures."""
        from av.video.reformatter import VideoReformatter

        self.width, self.height = width, height
        self._interpolation = "AREA" if smooth else None
        self._reformatter = VideoReformatter()
        self._high = VideoReformatter()
        self._shown = ScreenColours()

    def __call__(self, frame: av.VideoFrame) -> NDArray[np.uint8]:
        """(height, width, 3) BGR; a view that is valid until the next call."""
        transpose, flip_x, flip_y = orientation(frame)
        if not self._interpolation:  # means of areas show no comb
            frame = deinterlaced(frame)
        width, height = (self.height, self.width) if transpose else (self.width, self.height)
        self._kept: av.VideoFrame | None = None  # kept so that its memory is reused
        if is_ordinary(frame):
            self._kept = self._scaled(self._reformatter, frame, width, height, "bgr24")
        else:
            high = self._shown(self._scaled(self._high, frame, width, height, FORMAT), frame)
            self._kept = self._scaled(self._reformatter, high, width, height, "bgr24")
        if self._kept.planes[0].line_size < 0:  # rows stored from the bottom up, which swscale leaves so
            self._kept = self._reformatter.reformat(self._kept, format="bgr0").reformat(format="bgr24")
        plane = self._kept.planes[0]
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[:height, : 3 * width]
        image = rows.reshape(height, width, 3) if plane.line_size == 3 * width else _pixels(rows, width)
        if transpose:
            image = image.transpose(1, 0, 2)
        return image[:: -1 if flip_y else 1, :: -1 if flip_x else 1]

    def _scaled(
        self, reformatter: VideoReformatter, frame: av.VideoFrame, width: int, height: int, pixel_format: str
    ) -> av.VideoFrame:
        """A frame in RGB of a size and format."""
        return reformatter.reformat(
            frame, width, height, pixel_format,
            src_colorspace=_colorspace(frame), dst_color_range="JPEG",  # type: ignore[arg-type]  # names will do too
            interpolation=self._interpolation, threads=1,  # more take a third more processor time
        )  # fmt: skip


def _pixels(rows: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    """Padded rows (h, 3 w) as a view (h, w, 3)."""
    return np.lib.stride_tricks.as_strided(
        rows, (len(rows), width, 3), (rows.strides[0], 3, 1), writeable=False
    )


def _colorspace(frame: av.VideoFrame) -> str | None:
    """The matrix from this frame's YUV to RGB; None: the frame is RGB, or swscale's own choice is better."""
    if frame.format.is_rgb or frame.format.name.startswith(("pal8", "gray", "mono")):
        return None
    from av.video.reformatter import Colorspace

    name = _MATRIX.get(int(frame.colorspace))
    if name is None or not hasattr(Colorspace, name):
        if is_high_range(int(frame.color_trc)):
            return "BT2020"
        name = "ITU709" if frame.width >= 1280 or frame.height > 576 else "ITU601"
    return name
