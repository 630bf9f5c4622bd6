"""The slides' dataset table, computed from the data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from castlist.argument_types import typed_arguments
from castlist.errors import InputError
from castlist.outputs import kind_of_folder
from castlist.research.bench.latex import HEAD, latex_table
from castlist.research.bench.published import DATASETS
from castlist.research.bench.subsets import main_cast
from castlist.research.features import SUFFIXES, FeatureSet, bcl, rows
from castlist.web_addresses import refuse_address

__all__ = ["DatasetFacts", "dataset_latex", "dataset_rows", "dataset_table", "facts", "feature_files"]


@dataclass(frozen=True, slots=True)
class DatasetFacts:
    """The row of one track set in the dataset table."""

    name: str
    subset: str  # the published set that this set equals, "" where other people are scored
    excluded: str  # the people left out, in words
    cast: int
    tracks: int
    faces: int
    largest: float  # share of the faces that show the commonest person
    smallest: float  # share of the faces that show the rarest person
    pairs: int  # co-occurring pairs of tracks; the slides' "Co-oc"
    together: int  # tracks that co-occur with another track
    wrong_pairs: int  # co-occurring pairs with one name: errors of the annotation
    timed: bool  # whether frames are known

    @property
    def single_by_pairs(self) -> int:
        """The slides' "Single": tracks minus co-occurring pairs."""
        return self.tracks - self.pairs

    @property
    def single(self) -> int:
        """Number of tracks without co-occurrences."""
        return self.tracks - self.together


@typed_arguments
def facts(features: FeatureSet, *, cast: tuple[str, ...] = (), drop: tuple[str, ...] = ()) -> DatasetFacts:
    """The row of one set, restricted as `main_cast` does.

    Raises:
        InputError: the set has no labels, or no track is left.
    """
    kept, persons, excluded, subset = main_cast(features, cast=cast, drop=drop)
    if not len(kept) or kept.label is None:
        raise InputError(f"{features.name} has no track left; change --cast or --drop")
    share = np.bincount(np.unique(kept.label, return_inverse=True)[1], kept.size) / kept.faces
    pairs = kept.constraints().cannot
    return DatasetFacts(
        name=features.name,
        subset=subset.name if subset else "",
        excluded=excluded,
        cast=len(persons),
        tracks=len(kept),
        faces=kept.faces,
        largest=float(share.max()),
        smallest=float(share.min()),
        pairs=len(pairs),
        together=len(np.unique(pairs)),
        wrong_pairs=int(np.sum(kept.label[pairs[:, 0]] == kept.label[pairs[:, 1]])),
        timed=kept.timed,
    )


def feature_files(paths: Iterable[Path]) -> list[Path]:
    """The files that may hold features, among files and in directories, sorted; BCL videos by their .ids.

    Raises:
        InputError: a path does not exist, or there is no such file.
    """
    found: list[Path] = []
    paths = list(paths)
    for path in paths:
        refuse_address(path)
        if not path.exists():
            raise InputError(f"{path} does not exist")
        if not path.is_dir() or bcl.is_video(path) or kind_of_folder(path) == "workspace":
            found.append(path)  # `read` refuses a workspace, and says how to write its features
        elif bcl.find(path):
            found += bcl.find(path)
        else:
            found += _inside(path)
    if not found:
        raise InputError(
            f"no feature files in {', '.join(map(str, paths))}; expected .ids or {', '.join(SUFFIXES)}"
        )
    return found


def _inside(folder: Path) -> list[Path]:
    """The files in a folder and its subfolders, without the tracks of BCL videos that have no names."""
    files = sorted(p for p in folder.rglob("*") if p.suffix in SUFFIXES and not _is_part(p))
    videos = {f for f in {p.parent for p in files if p.suffix == ".npy"} if bcl.is_video(f)}
    return [p for p in files if p.parent not in videos]


def _is_part(path: Path) -> bool:
    """Whether a file belongs to another file that has the vectors."""
    if path.suffix == ".mat":
        return any(path.parent.glob(f"{path.stem}_features_*.mat"))
    return rows.is_companion(path)


DATASET_HEADS = (
    *("dataset", "#cast", "#TR (#FR)", "LC/SC (%)", "single/co-oc pairs", "single/together", "excluded"),
)


def dataset_rows(rows: Iterable[DatasetFacts]) -> list[list[str]]:
    """The table as texts by row and column, headings first; below a published set, the slides' own row."""
    table = [list(DATASET_HEADS)]
    for row in rows:
        lc_sc = f"{100 * row.largest:.1f} / {_small(100 * row.smallest)}"
        alone = row.single_by_pairs if row.single_by_pairs >= 0 else "-"  # more pairs than tracks
        counted = f"{alone} / {row.pairs}" if row.timed else "unknown"
        truly = f"{row.single} / {row.together}" if row.timed else "unknown"
        size = f"{row.tracks} ({row.faces})"
        table.append([row.name, str(row.cast), size, lc_sc, counted, truly, row.excluded])
        if row.subset in DATASETS:
            cast, tracks, faces, largest, smallest, single, pairs = DATASETS[row.subset]
            given = "-" if single is None else f"{single} / {pairs}"
            published = [str(cast), f"{tracks} ({faces})", f"{largest} / {smallest}", given, "-", ""]
            table.append(["  slides", *published])
    return table


def dataset_table(rows: Iterable[DatasetFacts]) -> str:
    """The table as text; below a published set, the slides' own row."""
    lines = []
    table = dataset_rows(rows)
    first = max([16, *(len(name) for name, *_ in table)]) + 2
    for name, cast, size, lc_sc, counted, truly, excluded in table:
        line = f"{name:<{first}}{cast:>6}  {size:>16}  {lc_sc:>13}  {counted:>19}  {truly:>16}  {excluded}"
        lines.append(line.rstrip())
    lines += [
        "",
        "LC/SC: share of the faces of the commonest and of the rarest person. single/co-oc pairs: as the",
        "slides count, pairs of tracks seen together, and tracks minus pairs (-: fewer tracks than pairs).",
        "single/together: tracks seen with no other kept track, and with one at least.",
    ]
    return "\n".join(lines)


def dataset_latex(rows: Iterable[DatasetFacts]) -> str:
    """The table for a paper, with the people left out in comments above it."""
    rows = list(rows)
    table = [row[:-1] for row in dataset_rows(rows)]
    caption = (
        "Datasets. LC/SC: share of the faces of the commonest and of the rarest person; co-oc pairs: pairs "
        "of tracks seen together; single/together: tracks seen with no other track, and with at least one."
    )
    notes = [f"{row.name}: left out: {row.excluded}" for row in rows]
    return HEAD + latex_table(table, caption=caption, label="tab:datasets", notes=notes)


def _small(percent: float) -> str:
    return f"{percent:.2f}" if percent < 1 else f"{percent:.1f}"
