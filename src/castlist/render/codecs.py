"""The container for a file name, and the encoder that is closest to a film's own codec."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from castlist.errors import InputError

__all__ = ["CONTAINERS", "SOUND", "Encoder", "container_of", "encoder_for", "pixel_format"]

CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
# Encoder of sound that cannot be copied; AAC in other containers.
SOUND = {"webm": "libopus"}


@dataclass(frozen=True, slots=True)
class Encoder:
    """An FFmpeg encoder with options for invisible losses."""

    name: str
    options: dict[str, str] = field(default_factory=dict)


# By the film's codec. The rate factors are those that each encoder's own documentation calls visually
# transparent or nearly so. a53cc is off, since it would copy captions from the film.
_H264 = Encoder("libx264", {"crf": "17", "preset": "fast", "a53cc": "0"})
_VP9 = Encoder("libvpx-vp9", {"crf": "20", "b": "0", "row-mt": "1", "deadline": "good", "cpu-used": "4"})
_ENCODERS = {
    "h264": _H264,
    "hevc": Encoder("libx265", {"crf": "19", "preset": "fast", "x265-params": "log-level=none"}),
    "vp9": _VP9,
    "av1": Encoder("libsvtav1", {"crf": "24", "preset": "8"}),
    "prores": Encoder("prores_ks"),
    "ffv1": Encoder("ffv1", {"level": "3"}),
}
_DEFAULT = {"webm": _VP9}  # H.264 in other containers

# Planar formats, in which rectangles can be drawn plane by plane, and lossless conversions to these.
_SAME = {"nv12": "yuv420p", "nv21": "yuv420p", "nv16": "yuv422p", "nv24": "yuv444p", "p010le": "yuv420p10le"}
_SAME |= {"gray": "yuv420p", "gray10le": "yuv420p10le", "yuva420p": "yuv420p", "yuva444p10le": "yuv444p10le"}
_PLANAR: tuple[str, ...] = ("yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "gbrp")
_PLANAR += (
    "yuv420p10le",
    "yuv422p10le",
    "yuv444p10le",
    "gbrp10le",
    "yuv420p12le",
    "yuv422p12le",
    "yuv444p12le",
)


def container_of(path: Path) -> str:
    """FFmpeg's name of the container for a file's suffix.

    Raises:
        InputError: the suffix belongs to no container.
    """
    try:
        return CONTAINERS[path.suffix.lower()]
    except KeyError:
        raise InputError(
            f"{path.name}: a film can be written as {', '.join(CONTAINERS)}; give it a name that ends so"
        ) from None


def encoder_for(codec: str, container: str, supported: set[str]) -> Encoder:
    """The encoder closest to a film's codec among those that a container supports.

    Args:
        codec: FFmpeg's name of the film's codec.
        supported: FFmpeg's names of the codecs that the container supports.
    """
    if codec in _ENCODERS and codec in supported:
        return _ENCODERS[codec]
    return _DEFAULT.get(container, _H264)


def pixel_format(name: str, bits: int, offered: list[str], width: int, height: int) -> str:
    """The pixel format, among those that an encoder offers, that keeps most of the film's own.

    Args:
        name: the film's pixel format, and `bits` its bits a sample.
        width, height: in pixels; frames with an odd side cannot have chroma at half resolution.
    """
    wanted = _SAME.get(name, name)
    odd = width % 2 or height % 2
    choices = [wanted, "yuv444p" if odd else ""]
    choices += ["yuv422p10le", "yuv420p10le"] if bits > 8 else []
    choices += ["yuv444p" if odd else "yuv420p", "yuv422p", "yuv444p", "yuv422p10le"]
    for choice in choices:
        if choice in offered and choice in _PLANAR and not (odd and "444" not in choice and choice != "gbrp"):
            return choice
    return "yuv420p"
