"""A floor under the quality of casts: drawn films, the real models, the default recipe."""

from __future__ import annotations

import numpy as np
import pytest
from test_find import matched

import castlist
from castlist.drawn import FILMS, render
from castlist.metrics import b_cubed

# film: (B-cubed F over the faces found, share of faces found, people), each just below what was measured
FLOORS = {
    "short": (0.99, 0.95, 3),
    "crossing": (0.95, 0.90, 4),
}


@pytest.mark.parametrize("name", FLOORS)
def test_casts_of_drawn_films_are_as_good_as_they_were(name: str, tmp_path) -> None:
    least_f, least_found, people = FLOORS[name]
    truth = render(FILMS[name](), tmp_path / "film.mp4")
    cast = castlist.find(tmp_path / "film.mp4")
    pairs = matched(cast, truth)
    found = [(true, person) for true, person in pairs if person is not None and person >= 0]
    assert len(found) >= least_found * len(pairs)
    assert b_cubed(*map(np.array, zip(*found, strict=True))).f1 >= least_f
    assert len(cast) == people
