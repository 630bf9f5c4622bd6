"""What a frame's signal holds, and the distance of two."""

import numpy as np
import pytest

from castlist.errors import InputError
from castlist.split.signal import BINS, COLUMNS, ROWS, SIZE, THUMB, checked, correlation, describe, distances


def test_a_flat_frame_is_its_colour_in_every_cell_and_one_full_bin() -> None:
    signal = describe(np.full((90, 160, 3), (10, 100, 200), np.uint8))
    assert signal.shape == (SIZE,)
    assert (signal[:THUMB].reshape(ROWS, COLUMNS, 3) == (10, 100, 200)).all()
    histogram = signal[THUMB:]
    assert histogram[(0 << 4) + (1 << 2) + 3] == 255  # blue 10, green 100, red 200 in quarters of 256
    assert histogram.sum() == 255


def test_cells_are_means_of_their_part() -> None:
    image = np.zeros((90, 160, 3), np.uint8)
    image[:10, :5] = 200  # half of the first cell
    cells = describe(image)[:THUMB].reshape(ROWS, COLUMNS, 3)
    assert cells[0, 0].tolist() == [100, 100, 100]
    assert not cells[1:].any()


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 700, 3), (37, 53, 3), (700, 2, 3)])
def test_any_size_of_frame_will_do(shape: tuple[int, int, int]) -> None:
    assert describe(np.full(shape, 7, np.uint8))[:THUMB].tolist() == [7] * THUMB


def test_distance_by_hand_and_by_the_slow_loop() -> None:
    rng = np.random.default_rng(0)
    signals = rng.integers(0, 256, (9000, SIZE), np.uint8)  # more than one block
    a, b = rng.integers(0, 9000, 5000), rng.integers(0, 9000, 5000)
    fast = distances(signals, a, b)
    for i in (0, 1, 4095, 4096, 4999):
        x, y = signals[a[i]].astype(float), signals[b[i]].astype(float)
        colours = np.sqrt(((x[THUMB:] - y[THUMB:]) ** 2).sum() / 2)
        assert fast[i] == pytest.approx((np.abs(x - y)[:THUMB].mean() + 0.25 * colours) / 255, rel=1e-5)
    black, white = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8)
    two = np.stack([describe(black), describe(white)])
    assert distances(two, np.array([0, 0]), np.array([0, 1])).tolist() == [0, 1.25]


@pytest.mark.parametrize(
    "image", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)]
)
def test_what_is_no_frame_is_refused(image: np.ndarray) -> None:
    with pytest.raises(InputError, match="a frame must be"):
        describe(image)


@pytest.mark.parametrize(
    "signals", [np.zeros((3, 5), np.uint8), np.zeros((3, SIZE)), np.zeros(SIZE, np.uint8)]
)
def test_foreign_signals_are_refused(signals: np.ndarray) -> None:
    with pytest.raises(InputError, match=rf"signals must be \(n, {SIZE}\)"):
        checked(signals)


def test_no_signals_are_fine() -> None:
    assert checked(np.zeros((0, 0), np.uint8)).shape == (0, SIZE)
    assert THUMB + BINS == SIZE


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_correlation_is_that_of_numpy(kind: type) -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        a, b = (rng.uniform(0, 255, (9, 16, 3)).astype(kind) for _ in range(2))
        b += rng.uniform(-2, 2) * a
        assert correlation(a, b) == pytest.approx(np.corrcoef(a.ravel(), b.ravel())[0, 1], abs=1e-6)
    assert correlation(a, a) == pytest.approx(1)


def test_correlation_with_a_picture_of_one_value_is_unknown() -> None:
    even, other = np.full(432, 7, np.float32), np.arange(432, dtype=np.float32)
    assert np.isnan(correlation(even, other))
    assert not correlation(other, even) > 0.5
