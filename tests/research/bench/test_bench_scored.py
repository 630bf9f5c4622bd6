"""The tracks that the bench scores: of the published cast, or of all labelled people; the table of sets."""

from dataclasses import replace

import pytest
from bench_made import video

from castlist.errors import InputError
from castlist.research.bench import Dataset, dataset_table, facts
from castlist.research.bench.subsets import main_cast, subset_of


@pytest.mark.parametrize(
    ("name", "subset"),
    [
        ("bbt_s01e01", "BBT-0101"),
        ("bbt0101", "BBT-0101"),
        ("BBT-0101", "BBT-0101"),
        ("buffy_s05e02", "BF-0502"),
        ("bf0502", "BF-0502"),
        ("accio_like", "ACCIO"),
        ("hp_s01e01", "ACCIO"),
        ("bbt_s01e02", None),
        ("holiday", None),
    ],
)
def test_published_sets_are_known_by_name(name, subset):
    found = subset_of(name)
    assert (found.name if found else None) == subset


def test_the_published_cast_is_chosen_by_name():
    features = video(persons=("Sheldon", "leonard", "unknown"))
    kept, cast, excluded, _ = main_cast(features)
    assert cast == ("Sheldon", "leonard")
    assert len(kept) == 8
    assert "others than the cast" in excluded


def test_numbers_instead_of_names_lose_unknown_and_the_largest():
    kept, cast, excluded, _ = main_cast(video(persons=("1", "2", "3", "10")))
    assert cast == ("1", "3")
    assert len(kept) == 6
    assert "labels 2, 10" in excluded


def test_other_videos_keep_everyone_with_a_label():
    features = video("holiday", persons=("ann", "bob", ""))
    kept, cast, excluded, _ = main_cast(features)
    assert cast == ("ann", "bob")
    assert excluded == "tracks without a label"
    assert main_cast(features, cast=("ann",))[1] == ("ann",)
    assert main_cast(features, drop=("ann",))[1] == ("bob",)
    assert main_cast(video("holiday"))[2] == "nobody"
    assert len(kept) == 8


def test_main_cast_refuses():
    with pytest.raises(InputError, match="no track of penny; it has"):
        main_cast(video(), cast=("penny",))
    with pytest.raises(InputError, match="no labels"):
        main_cast(video(label=None))
    with pytest.raises(InputError, match=r"too few people to score \(1\)"):
        Dataset.of(video(), cast=("raj",))


def test_facts_of_a_set_counted_by_hand():
    # Tracks start every 3 frames and last 4, so each is seen with the next: 11 pairs, all 12 tracks.
    row = facts(video("holiday"))
    assert (row.cast, row.tracks, row.faces) == (3, 12, 48)
    assert (row.pairs, row.together, row.single, row.single_by_pairs) == (11, 12, 0, 1)
    assert row.largest == row.smallest == 1 / 3
    assert row.wrong_pairs == 0
    text = dataset_table([row, replace(row, name="bbt", subset="BBT-0101", timed=False)])
    assert "33.3 / 33.3" in text
    assert "644 (41220)" in text
    assert "unknown" in text
