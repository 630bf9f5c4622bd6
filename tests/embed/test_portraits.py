"""The small picture that is kept of a face."""

import numpy as np
import pytest

from castlist.pipeline.scan import PORTRAIT, portrait


@pytest.mark.parametrize("side", [30, 200])
@pytest.mark.parametrize("at", [(0, 0), (470, 2), (3, 320), (590, 440)])
def test_a_face_at_the_edge_is_shown_with_what_is_there(side, at):
    picture = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)
    shown = portrait(picture, np.array([*at, at[0] + side, at[1] + side], np.float32)).astype(int)
    assert shown.shape == (PORTRAIT, PORTRAIT, 3)
    for edge in (shown[:3], shown[-3:], shown[:, :3].swapaxes(0, 1), shown[:, -3:].swapaxes(0, 1)):
        assert np.abs(np.diff(edge, axis=0)).mean() > 3  # no row or column is the one before over again


def test_a_face_larger_than_the_picture_is_in_the_middle():
    picture = np.zeros((60, 80, 3), np.uint8)
    picture[28:32, 38:42] = 255
    bright = np.argwhere(portrait(picture, np.array([0, 0, 80, 60], np.float32))[:, :, 0] > 100)
    assert np.abs(bright.mean(0) - PORTRAIT / 2).max() < 2
