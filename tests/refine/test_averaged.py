"""Several networks beside the base features: the same for one seed, nothing where nothing can be learnt."""

from __future__ import annotations

import numpy as np
import pytest

from castlist.errors import InputError
from castlist.refine import Averaged
from castlist.refine.validate import Validation
from castlist.types import CO_OCCURRENCE, Constraints, Embeddings, Machine

CPU = Machine(device="cpu", threads=1)


def film(tracks: int = 12, faces: int = 4) -> tuple[Embeddings, Constraints]:
    rng = np.random.default_rng(0)
    track = np.repeat(np.arange(tracks), faces)
    vector = rng.normal(size=(tracks // 2, 16))[track // 2] + 0.5 * rng.normal(size=(len(track), 16))
    table = Embeddings(vector, track, np.full(len(track), -1), np.ones(len(track)), "sface")  # type: ignore[arg-type]
    a = np.arange(tracks - 2)
    two = np.zeros(len(a), bool)
    return table, Constraints(a, a + 2, two, np.full(len(a), CO_OCCURRENCE))  # type: ignore[arg-type]


def test_each_network_is_a_view_and_the_first_is_the_base() -> None:
    table, links = film()
    step = Averaged(networks=2, steps=20)
    mixed = step(table, links, machine=CPU)
    assert mixed.views == (16, 512, 512)
    np.testing.assert_array_equal(mixed.vector[:, :16], table.vector)
    lengths = [np.linalg.norm(part, axis=1) for part in np.split(mixed.vector, [16, 528], axis=1)]
    np.testing.assert_allclose(lengths[1], lengths[0], rtol=1e-5)
    assert mixed.share == pytest.approx(0.6 * 12 / 32)
    np.testing.assert_array_equal(step(table, links, machine=CPU).vector, mixed.vector)
    assert "2 networks trained on this film decide 22%" in Validation.mixed(mixed).sentence


@pytest.mark.parametrize("rows", [slice(0), slice(0, 3), slice(0, 4)])
def test_where_nothing_can_be_learnt_the_base_features_stay(rows: slice) -> None:
    table = film()[0][rows]
    assert Averaged()(table, Constraints.empty(), machine=CPU) is table
    assert "Base features were used" in Validation.mixed(table).sentence


@pytest.mark.parametrize("options", [{"networks": 0}, {"most": 1.2}, {"half": -1}, {"steps": 0}])
def test_senseless_options_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(InputError):
        Averaged(**options)  # type: ignore[arg-type]


def test_networks_learn_the_same_beside_each_other() -> None:
    table, links = film()
    step = Averaged(steps=20)
    together = step(table, links, machine=Machine(device="cpu", threads=3))
    np.testing.assert_array_equal(together.vector, step(table, links, machine=CPU).vector)
