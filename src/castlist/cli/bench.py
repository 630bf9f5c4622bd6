"""castlist bench: the experiments behind the published tables."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from castlist.cli.options import OUTPUT, OUTPUT_FOLDER
from castlist.cli.output import visible

if TYPE_CHECKING:
    from castlist.errors import InputError
    from castlist.metrics import Unit
    from castlist.research.bench import Dataset, Result
    from castlist.research.features import FeatureSet

EXAMPLES = """
\b
Examples:
  castlist bench list
  castlist bench datasets features/
  castlist bench run --data features/ --methods base,ssiam --seeds 5 --html bench.html
  castlist bench run --data features/ --methods base,mine.py:method --latex --bold > scores.tex
  castlist bench figures --data features/bbt_s01e01_features_VGG2.mat -o figures/
"""
PATH = click.Path(path_type=Path)
NAMED = 3  # tables that a line names, so that it stays one line

names = click.option("--cast", default="", help="Score only these people, comma-separated.")
drops = click.option(
    "--drop", default="", help='Leave out these labels, comma-separated; "max" is the largest number.'
)
store = click.option(
    "--results", default="castlist-bench", show_default=True, type=OUTPUT_FOLDER,
    help="Where results are stored.",
)  # fmt: skip


@click.group(epilog=EXAMPLES)
def command() -> None:
    """Run the published experiments on feature files; print our results beside the published ones."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def list_(as_json: bool) -> None:
    """Print the methods, the published track sets and the published numbers."""
    from castlist.research.bench.methods import known, shown_name
    from castlist.research.bench.published import PUBLISHED
    from castlist.research.bench.subsets import SUBSETS

    if as_json:
        sets = {name: asdict(s) for name, s in SUBSETS.items()}
        numbers = [asdict(p) for p in PUBLISHED]
        shown = {name: shown_name(name) for name in known()}
        click.echo(
            json.dumps(
                {"methods": known(), "shown_names": shown, "sets": sets, "published": numbers}, indent=1
            )
        )
        return
    click.echo("methods")
    wide = max(len(shown_name(name)) for name in known()) + 2
    for name, kind in known().items():
        click.echo(f"  {shown_name(name):<{wide}}{kind}")
    click.echo("published track sets, known by the name of the video")
    for name, subset in SUBSETS.items():
        click.echo(f"  {name:<12}{len(subset.cast)} named persons, clusters {subset.clusters}")
    click.echo("published numbers")
    for p in PUBLISHED:
        click.echo(
            f"  {p.dataset:<10}{p.method:<21}{p.unit:<7}K={p.clusters:<4}{p.score:<19}{p.value:<8}{p.source}"
        )


@command.command()
@click.argument("paths", nargs=-1, required=True, type=PATH)
@names
@drops
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@click.option("--latex", "as_latex", is_flag=True, help="Print a LaTeX table (booktabs).")
def datasets(
    paths: tuple[Path, ...], cast: str, drop: str, as_json: bool, as_csv: bool, as_latex: bool
) -> None:
    """Print a table of feature files or directories: people, tracks, faces, tracks seen together."""
    from castlist.errors import InputError
    from castlist.research.bench import dataset_table, facts, feature_files
    from castlist.research.bench.csv_table import rows_as_csv
    from castlist.research.bench.datasets import dataset_latex
    from castlist.research.bench.results import SetName, set_names
    from castlist.research.features import read_structure

    _one_format({"--json": as_json, "--csv": as_csv, "--latex": as_latex})
    files, found, labels = feature_files(paths), {}, set[str]()
    unused = _LeftOut()
    for file in files:
        try:
            structure = read_structure(file)
            labels |= _labels(structure)
            row = facts(structure, cast=_split(cast), drop=_split(drop))
            found[SetName(row.name, str(file), "")] = row
        except InputError as error:
            if file in paths or len(files) == 1:
                raise
            unused.add(file, error)
    unused.end()
    _check_drop(_split(drop), labels)
    names = set_names(found)
    rows = [replace(row, name=names[one_set]) for one_set, row in found.items()]
    if as_csv:
        values = [asdict(row) for row in rows]
        click.echo(rows_as_csv([list(values[0]), *(v.values() for v in values)]), nl=False)
    elif as_latex:
        click.echo(dataset_latex(rows), nl=False)
    else:
        click.echo(json.dumps([asdict(r) for r in rows], indent=1) if as_json else dataset_table(rows))


@command.command()
@click.option("--data", "data", required=True, multiple=True, type=PATH, help="A feature file or directory.")
@click.option(
    "--methods", default="paper", show_default=True,
    help="Methods, comma-separated, or a group of them: paper (the five of the slides), baselines, all. "
    "See castlist bench list. A method of your own: FILE.py:NAME (docs/bench.md).",
)  # fmt: skip
@click.option("--seeds", default=5, show_default=True, help="Runs of each method that uses randomness.")
@click.option(
    "--faces",
    type=click.IntRange(0),
    default=0,
    help="Use at most so many faces of each track, drawn at random. 0: all.",
)
@click.option(
    "--draws",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Number of random draws of faces. Each is scored with every seed.",
)
@click.option(
    "--units", default="track,weighted,frame", show_default=True,
    help="What is scored. track: tracks; weighted: clusters of tracks, weighted by frames; frame: faces.",
)  # fmt: skip
@click.option(
    "--clusters", default="",
    help='Numbers of clusters, comma-separated. "known": the number of people; "unknown": the '
    "method finds it.",
)  # fmt: skip
@click.option(
    "--recipe", type=click.Choice(["castlist", "paper"]), default="castlist", show_default=True,
    help="How to train. paper: by the paper and its slides (docs/refine.md says what they leave open); "
    "castlist: the default of castlist refine.",
)  # fmt: skip
@click.option("--set", "settings", multiple=True, metavar="METHOD.OPTION=VALUE", help="Change an option.")
@names
@drops
@store
@click.option("--threads", default=0, help="Threads for matrix products; 0: all cores.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or mps.")
@click.option("--json", "as_json", is_flag=True, help="Print every result as one JSON list.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the tables as Markdown.")
@click.option("--csv", "as_csv", is_flag=True, help="Print the scores as CSV: a row for each method and set.")
@click.option("--latex", "as_latex", is_flag=True, help="Print the tables for a paper: LaTeX with booktabs.")
@click.option("--bold", is_flag=True, help="With --latex: print the best score of each column in bold.")
@click.option("--columns", default="", help="Show only these scores, comma-separated; names as in the JSON.")
@click.option("--html", type=OUTPUT, help="Also write one HTML file with tables and plots.")
def run(
    data: tuple[Path, ...],
    as_json: bool,
    as_markdown: bool,
    as_csv: bool,
    as_latex: bool,
    bold: bool,
    html: Path | None,
    columns: str,
    **given: Unpack[Given],
) -> None:
    """Run methods on feature files and print the tables of the slides, our results beside the published ones.

    Every result is stored in a file. After an interruption, run the same command again: it continues.
    """
    from castlist.errors import InputError
    from castlist.outputs import check_apart
    from castlist.research.bench import cells, csv_text, feature_files, latex, markdown, tables
    from castlist.research.bench.methods import shown_name
    from castlist.research.bench.table import columns as known_columns

    _one_format({"--json": as_json, "--markdown": as_markdown, "--csv": as_csv, "--latex": as_latex})
    if bold and not as_latex:
        raise click.UsageError("--bold is for tables of a paper; add --latex")
    known_columns((), _split(columns))  # refuse unknown columns before anything runs
    check_apart([html], feature_files(data))
    left_out: list[str] = []
    results = _results(data, given, left_out.append)
    if not results:
        raise InputError(
            f"nothing was scored: {left_out[0]}"
            if left_out
            else "nothing was scored: no method can run on these sets with these --units and --clusters; "
            "choose others"
        )
    grouped = cells(results)
    if html:
        from castlist.research.bench.html import page

        _write(html, page(grouped, left_out))
    if as_json:
        click.echo(
            json.dumps([asdict(r) | {"shown_name": shown_name(r.key.method)} for r in results], indent=1)
        )
    elif as_csv:
        click.echo(csv_text(grouped, _split(columns)), nl=False)
    elif as_latex:
        click.echo(latex(grouped, _split(columns), bold=bold), nl=False)
    else:
        click.echo((markdown if as_markdown else tables)(grouped, _split(columns)))


@command.command()
@click.option("--data", required=True, type=PATH, help="A feature file.")
@click.option(
    "-o", "--output", required=True, type=OUTPUT_FOLDER, help="The directory to write SVG and PNG to."
)
@click.option("--methods", default="ssiam,tsiam", show_default=True, help="Refinements, comma-separated.")
@click.option("--which", default="similarity,links,map,sweeps", show_default=True, help="Figures to draw.")
@click.option("--seeds", default=3, show_default=True, help="Runs for each point of a sweep.")
@click.option(
    "--recipe", type=click.Choice(["castlist", "paper"]), default="castlist", show_default=True,
    help="How to train. paper: by the paper and its slides (docs/refine.md says what they leave open); "
    "castlist: the default of castlist refine.",
)  # fmt: skip
@click.option("--set", "settings", multiple=True, metavar="METHOD.OPTION=VALUE", help="Change an option.")
@names
@drops
@store
@click.option("--threads", default=0, help="Threads for matrix products; 0: all cores.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or mps.")
def figures(data: Path, output: Path, which: str, **given: Unpack[Given]) -> None:
    """Draw similarity before and after refinement, maps of tracks, and accuracy by B, K, F and epochs."""
    from castlist.research.bench.figures import draw
    from castlist.research.bench.methods import parse_options, resolve
    from castlist.types import Machine

    dataset = _datasets((data,), given)[0]
    written = draw(
        dataset,
        output,
        which=_split(which),
        methods=resolve(given["methods"]),
        seeds=given["seeds"],
        recipe=given["recipe"],
        options=parse_options(given["settings"]),
        results=given["results"],
        machine=Machine(given["device"], given["threads"]),
        progress=sys.stderr,
    )
    for path in written:
        click.echo(path)


@command.command()
@click.option("--data", "data", required=True, multiple=True, type=PATH, help="A feature file or directory.")
@click.option("-o", "--output", required=True, type=OUTPUT_FOLDER, help="The directory to write the page to.")
@click.option("--seeds", default=5, show_default=True, help="Runs of each method that has randomness.")
@click.option(
    "--faces",
    type=click.IntRange(0),
    default=0,
    help="Use at most so many faces of each track, drawn at random. 0: all.",
)
@click.option(
    "--recipe", type=click.Choice(["castlist", "paper"]), default="paper", show_default=True,
    help="How to train. paper: by the paper and its slides (docs/refine.md says what they leave open); "
    "castlist: the default of castlist refine.",
)  # fmt: skip
@click.option("--set", "settings", multiple=True, metavar="METHOD.OPTION=VALUE", help="Change an option.")
@click.option(
    "--without",
    default="",
    help="Parts to leave out, comma-separated: baselines, frame, figures, sweeps, time.",
)
@store
@click.option("--threads", default=0, help="Threads for matrix products; 0: all cores.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or mps.")
def paper(data: tuple[Path, ...], output: Path, without: str, **given: Unpack[Given]) -> None:
    """Make every table and figure of the paper's slides from your features, as one page.

    Our results stand beside the published ones. The page lists each published number that cannot be
    compared with results on these features, and why. After an interruption, run the same command again: it
    continues.
    """
    from castlist.research.bench.methods import parse_options
    from castlist.research.bench.paper import PARTS, Paper
    from castlist.types import Machine

    unknown = [part for part in _split(without) if part not in PARTS]
    if unknown:
        raise click.BadParameter(f"choose from {', '.join(PARTS)}", param_hint="--without")
    made = Paper(
        output,
        seeds=given["seeds"],
        recipe=given["recipe"],
        options=parse_options(given["settings"]),
        results=given["results"],
        machine=Machine(given["device"], given["threads"]),
        parts=tuple(part for part in PARTS if part not in _split(without)),
        progress=sys.stderr,
    )
    click.echo(made(_datasets(data, {"cast": "", "drop": "", "faces": given["faces"]})))


class Given(TypedDict, total=False):
    """Options that the commands of the bench share; each command has some of them."""

    methods: str
    seeds: int
    units: str
    clusters: str
    recipe: str
    settings: tuple[str, ...]
    device: str
    threads: int
    results: Path
    cast: str
    drop: str
    faces: int
    draws: int


def _one_format(asked: dict[str, bool]) -> None:
    """Refuse two output formats at once: only one is printed."""
    given = [option for option, is_asked in asked.items() if is_asked]
    if len(given) > 1:
        raise click.UsageError(f"{' and '.join(given)} exclude each other; choose one")


def _results(data: tuple[Path, ...], given: Given, left_out: Callable[[str], None]) -> list[Result]:
    from castlist.research.bench import Bench, Store
    from castlist.research.bench.collect import collect
    from castlist.research.bench.methods import parse_options, resolve
    from castlist.types import Machine

    bench = Bench(
        methods=resolve(given["methods"]),
        seeds=given["seeds"],
        units=_units(given["units"]),
        clusters=_numbers(given["clusters"]),
        recipe=given["recipe"],
        options=parse_options(given["settings"]),
        machine=Machine(given["device"], given["threads"]),
    )
    return collect(
        bench,
        _datasets(data, given),
        Store(given["results"]),
        sys.stderr,
        lambda text: click.echo(text, err=True),
        left_out,
    )


def _datasets(data: tuple[Path, ...], given: Given) -> list[Dataset]:
    """The sets to score. A file of a directory that cannot be scored is reported and skipped."""
    from castlist.errors import InputError
    from castlist.research.bench import Dataset, feature_files
    from castlist.research.features import read

    cast, drop = _split(given["cast"]), _split(given["drop"])
    if given.get("draws", 1) > 1 and not given.get("faces", 0):
        raise click.UsageError("--draws draws faces at random: say with --faces how many of each track")
    faces, draws = given.get("faces", 0), given.get("draws", 1) if given.get("faces", 0) else 1
    found, labels, unused = [], set[str](), _LeftOut()
    for file in feature_files(data):
        try:
            features = read(file)
            labels |= _labels(features)
            found += [
                Dataset.of(features, cast=cast, drop=drop, faces=faces, draw=k, source=file)
                for k in range(draws)
            ]
        except InputError as error:
            if file in data or len(data) == 1 == len(feature_files(data)):
                raise
            unused.add(file, error)
    unused.end()
    _check_drop(drop, labels)
    if not found:
        raise InputError(
            f"no file in {', '.join(map(str, data))} has both features and labels; both are needed"
        )
    return found


class _LeftOut:
    """Reports the files of a folder that cannot be used; tables without vectors in one line."""

    def __init__(self) -> None:
        self.tables: list[str] = []

    def add(self, file: Path, error: InputError) -> None:
        """A file, and why it cannot be used."""
        from castlist.research.features.table import NoVectors

        if isinstance(error, NoVectors):
            self.tables.append(file.name)
        else:
            click.echo(f"left out: {error}", err=True)

    def end(self) -> None:
        """There are no more files."""
        first, more = ", ".join(map(visible, self.tables[:NAMED])), len(self.tables) - NAMED
        if self.tables:
            click.echo(
                f"left out: {first}{f' and {more} more' if more > 0 else ''}: "
                "no table with vectors in columns f0, f1, ...",
                err=True,
            )


def _labels(features: FeatureSet) -> set[str]:
    return set() if features.label is None else {label.lower() for label in features.label.tolist()} - {""}


def _check_drop(drop: tuple[str, ...], labels: set[str]) -> None:
    """Refuse a label to leave out that is in none of the sets."""
    from castlist.shell_words import unknown

    strange = [name for name in drop if name.lower() not in labels | {"max"}]
    if strange and labels:
        raise click.BadParameter(unknown("label", strange[0], sorted(labels)), param_hint="--drop")


def _split(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (part.strip() for part in text.split(","))))


def _units(text: str) -> tuple[Unit, ...]:
    from castlist.research.bench.run import UNITS

    unknown = [name for name in _split(text) if name not in UNITS]
    if unknown or not _split(text):
        raise click.BadParameter(f"choose from {', '.join(UNITS)}", param_hint="--units")
    return tuple(UNITS[name] for name in _split(text))


def _numbers(text: str) -> tuple[int | None, ...]:
    words = {"known": 0, "unknown": None}
    if not all(part in words or (part.isdecimal() and int(part) > 0) for part in _split(text)):
        raise click.BadParameter(
            "numbers above 0, as in 36,40, or known, or unknown", param_hint="--clusters"
        )
    return tuple(words[part] if part in words else int(part) for part in _split(text))


def _write(path: Path, text: str) -> None:
    from castlist.errors import InputError
    from castlist.outputs import check_output, unwritten, whole

    check_output(path)
    try:
        with whole(path) as part:
            part.write_text(text, "utf-8")
    except OSError as error:
        raise InputError(unwritten(path, error)) from None
