"""Converts frames of high dynamic range (HDR) or wide gamut for an ordinary screen. Runs in the child.

The values of PQ and HLG films encode the brightness of the screen, up to 1000 cd/m² and more. Read as those
of an ordinary film, they look grey and dark. Here they are converted to light; the light is mapped into the
range of an ordinary screen, whose white is 203 cd/m², the white of paper in such films; the colours are
converted to the primaries of BT.709, and the result is encoded by BT.1886. One three-dimensional table, as
broadcasters use, does all these steps. [ITU-R BT.2100; BT.2408 for white; BT.2390, 5.4, for the mapping]
"""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import av
    from av.filter import Graph

__all__ = ["FORMAT", "ScreenColours", "is_high_range", "is_ordinary", "shown"]

PQ, HLG = 16, 18  # transfer characteristics [ITU-T H.273, table 3]
BT709, BT2020 = 1, 9  # colour primaries [ITU-T H.273, table 2]
XY = {  # chromaticities of red, green, blue; white is D65 in all [ITU-T H.273, table 2]
    BT709: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    BT2020: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),  # Display P3
}
D65 = (0.3127, 0.3290)  # chromaticity of white [ITU-R BT.709, table 1]
WHITE = 203.0  # cd/m² of diffuse white [BT.2408, table 1]
PEAK = 1000.0  # cd/m²; nominal screen of HLG, and that of most PQ films [BT.2100, table 5]
GAMMA = 2.4  # of an ordinary screen [BT.1886]
SIZE = 33  # values a side of the table, the usual number; the error is 0.4 levels of 255
FORMAT = "gbrp16le"  # of the input and output: FFmpeg's lut3d is fastest in it
FloatArray = NDArray[np.float64]


def is_high_range(curve: int) -> bool:
    """Whether these transfer characteristics are those of a high dynamic range."""
    return curve in (PQ, HLG)


def is_ordinary(frame: av.VideoFrame) -> bool:
    """Whether an ordinary screen shows the values of a frame correctly."""
    return not is_high_range(int(frame.color_trc)) and int(frame.color_primaries) != BT2020


class ScreenColours:
    """Converts frames in FORMAT, all of one size, for an ordinary screen."""

    def __init__(self) -> None:
        self._graph: Graph | None = None
        self._for: tuple[int, ...] = ()

    def __call__(self, frame: av.VideoFrame, like: av.VideoFrame) -> av.VideoFrame:
        """The frame, converted from the colours of `like` to those of an ordinary screen."""
        key = (int(like.color_trc), int(like.color_primaries), frame.width, frame.height)
        if self._graph is None or key != self._for:
            self._graph, self._for = _graph(frame, key[0], key[1]), key
        self._graph.push(frame)
        result: av.VideoFrame = self._graph.pull()
        return result


def shown(values: FloatArray, curve: int, primaries: int) -> FloatArray:
    """(..., 3) values of red, green and blue from 0 to 1, converted for an ordinary screen.

    Args:
        curve, primaries: of the values, by the numbers of ITU-T H.273. Primaries not in XY are read as
            BT.2020's.
    """
    if is_high_range(curve):
        light = _fitted(_pq_light(values) if curve == PQ else _hlg_light(values)) / WHITE
    else:
        light = values**GAMMA
    own = _to_xyz(XY.get(primaries, XY[BT2020]))
    matrix = np.linalg.inv(_to_xyz(XY[BT709])) @ own
    return np.asarray(np.clip(light @ matrix.T, 0, 1) ** (1 / GAMMA))


def _pq_light(values: FloatArray) -> FloatArray:
    """cd/m² of PQ values. [BT.2100, table 4]"""
    power = values ** (1 / _M2)
    return np.asarray(10_000 * (np.maximum(power - _C1, 0) / (_C2 - _C3 * power)) ** (1 / _M1))


def _pq_values(light: FloatArray) -> FloatArray:
    power = (light / 10_000) ** _M1
    return np.asarray(((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2)


_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32


def _hlg_light(values: FloatArray) -> FloatArray:
    """cd/m² of HLG values on a screen of the nominal peak. [BT.2100, table 5]"""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(values <= 0.5, values**2 / 3, (np.exp((values - c) / a) + b) / 12)
    luminance = scene @ np.array([0.2627, 0.6780, 0.0593])
    return np.asarray(PEAK * scene * luminance[..., None] ** 0.2)


def _fitted(light: FloatArray) -> FloatArray:
    """cd/m² from 0 to PEAK mapped to 0 to WHITE; dark and middle tones stay. [BT.2390, 5.4.1, EETF]"""
    peak = float(_pq_values(np.array(PEAK)))
    top = float(_pq_values(np.array(WHITE))) / peak
    knee = 1.5 * top - 0.5
    value = np.minimum(_pq_values(light) / peak, 1)
    t = np.maximum(value - knee, 0) / (1 - knee)
    bent = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (3 * t**2 - 2 * t**3) * top
    return _pq_light(np.where(value < knee, value, bent) * peak)


def _to_xyz(chromaticities: tuple[tuple[float, float], ...]) -> FloatArray:
    """(3, 3) from light of these primaries to CIE XYZ. [SMPTE RP 177]"""
    columns = np.array([(x / y, 1, (1 - x - y) / y) for x, y in chromaticities]).T
    white = np.array([D65[0] / D65[1], 1, (1 - D65[0] - D65[1]) / D65[1]])
    return np.asarray(columns * np.linalg.solve(columns, white))


def _graph(frame: av.VideoFrame, curve: int, primaries: int) -> Graph:
    """A graph with one table, which FFmpeg reads once from a file."""
    from fractions import Fraction

    from av.filter import Graph

    side = np.linspace(0, 1, SIZE)
    blue, green, red = np.meshgrid(side, side, side, indexing="ij")
    rows = shown(np.stack([red, green, blue], axis=-1).reshape(-1, 3), curve, primaries).tolist()
    with tempfile.NamedTemporaryFile("w", suffix=".cube") as file:
        file.write(f"LUT_3D_SIZE {SIZE}\n")
        file.writelines(f"{r:.6f} {g:.6f} {b:.6f}\n" for r, g, b in rows)
        file.flush()
        graph = Graph()
        unit = frame.time_base or Fraction(1, 1000)
        source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=unit)
        table = graph.add("lut3d", file=file.name, interp="tetrahedral")
        graph.link_nodes(source, table, graph.add("buffersink")).configure()
    return graph
