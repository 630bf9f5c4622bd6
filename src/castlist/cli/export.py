"""castlist export: the cast of a workspace in the formats of other programs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from castlist.cli.choices import OneOf
from castlist.cli.options import WORKSPACE, split_names
from castlist.cli.output import visible
from castlist.errors import InputError

if TYPE_CHECKING:
    from castlist.cast import Cast
    from castlist.io.exports import Options

# The names in io.exports.FORMATS and ALIASES, repeated here to avoid importing that package.
FORMATS = (
    "appearances", "faces", "csv", "json", "otio", "fcp7", "fcpxml", "edl", "avid", "ale", "srt", "webvtt",
    "webvtt-metadata", "ffmetadata", "matroska", "mot", "coco", "cvat", "label-studio", "rttm", "xmp",
    "web-annotation", "mmif",
)  # fmt: skip

STILLS = "stills"  # writes a folder of pictures instead of a file: io.exports.stills

MEANT = {  # the programs and standards that read the formats, by docs/exports.md
    "premiere": ("fcp7",), "resolve": ("edl", "otio"), "davinci": ("edl", "otio"), "finalcut": ("fcpxml",),
    "fcp": ("fcpxml",), "fcpx": ("fcpxml",), "xmeml": ("fcp7",), "excel": ("appearances",),
    "vtt": ("webvtt",), "subtitles": ("srt", "webvtt"), "chapters": ("ffmetadata", "matroska"),
    "markers": ("edl", "otio"), "mkv": ("matroska",), "jsonld": ("web-annotation",), "pyannote": ("rttm",),
}  # fmt: skip

EXAMPLES = """
\b
Examples:
  castlist export film.castlist -o film.csv             one row an appearance
  castlist export film.mp4 -o film.edl                  markers for DaVinci Resolve
  castlist export film.mp4 -o film.otio --person Anna
  castlist export film.castlist --format csv -o faces.csv --people-only   one row a face
  castlist export film.mp4 --format stills -o stills/   pictures, with face regions in XMP
  castlist export film.castlist --format json | jq '.people[].name'
All formats: docs/exports.md
"""


@click.command(epilog=EXAMPLES)
@click.argument("workspace", type=WORKSPACE)
@click.option("-o", "--output", metavar="FILE", default="-", show_default=True,
              help="The file to write, - for standard output. Its suffix chooses the format.")  # fmt: skip
@click.option("--format", "form", type=OneOf("format", (*FORMATS, STILLS), MEANT),
              help="The format, if the suffix does not say it. csv: one row a face; stills: a folder of "
              "pictures.")  # fmt: skip
@click.option(
    "--person",
    multiple=True,
    metavar="NAME",
    help="Only this person; several with commas, or by several --person.",
)
@click.option("--background", is_flag=True, help="Include people of the background.")
@click.option(
    "--people-only", is_flag=True, help="Leave out faces that belong to no person (tables of faces)."
)
@click.option("--ids", type=click.Choice(("tracks", "people")), default="tracks", show_default=True,
              help="In MOT: one id for each track, or one for each person.")  # fmt: skip
@click.option("--start-timecode", metavar="HH:MM:SS:FF", default="",
              help="Timecode of the start of the file (time 0); by default the film's own. ; for "
              "drop-frame.")  # fmt: skip
@click.option("--rate", metavar="FPS", help="Frames a second of your timeline; by default those of the film.")
def command(
    workspace: Path,
    output: str,
    form: str | None,
    person: tuple[str, ...],
    background: bool,
    people_only: bool,
    ids: str,
    start_timecode: str,
    rate: str | None,
) -> None:
    """Write the cast for other programs: tables, markers for editing, subtitles, annotations.

    WORKSPACE is film.castlist, or film.mp4 for the workspace beside it. The file is written completely or
    not at all. Export also works while castlist find runs on the same workspace; it then writes the last
    cast that was finished.
    """
    from castlist.io.exports import Options, chosen_format, parsed_rate
    from castlist.store import Workspace

    export = None if form == STILLS else chosen_format(output, form)
    with Workspace.open(workspace, write=False) as opened:
        cast = opened.cast()
    options = Options(
        people_only=people_only,
        background=background,
        person=tuple(split_names(person, (p.name for p in cast.everybody))) or None,
        ids=ids,
        start_timecode=start_timecode,
        rate=None if rate is None else parsed_rate(rate),
    )
    if export is None:
        _stills(cast, output, options)
        return
    if output != "-":
        export.write(cast, output, options)
        click.echo(f"Written: {visible(output, 400)}", err=True)
        return
    export.write(cast, sys.stdout.buffer, options)
    sys.stdout.buffer.flush()


def _stills(cast: Cast, output: str, options: Options) -> None:
    """Write pictures of people into a folder, and print how many."""
    from castlist.io.exports import stills

    if output == "-":
        raise InputError("stills are many files: name a folder for them, as in -o stills/")
    written = stills.write(cast, output, options)
    count = "1 still with its XMP" if len(written) == 1 else f"{len(written)} stills with their XMP"
    click.echo(f"{count} in {visible(output, 400)}", err=True)
