"""castlist sheet: a contact sheet of the cast, or a page about one person."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import click

from castlist.cli.options import OUTPUT_FOLDER, PAGE, WORKSPACE

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
    # Blocks every look-up of a host name. Without this, Chromium 156 contacts Google for updates, the time
    # and accounts.
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
WIDE, HIGH, ROW = 1240, 1754, 330  # pixels of an A4 page at 150 to the inch, and of a row of three people
MARGIN = 40  # pixels of empty paper left below the contents of a page
SECONDS = 120  # time limit for a browser to print a page


@click.command(
    epilog="""\b
Examples:
  castlist sheet film.castlist                      contact sheet; writes film.castlist/sheet.html
  castlist sheet film.castlist -o cast.pdf          to print; needs Chromium or Chrome
  castlist sheet film.castlist Anna -o anna.html    one page about Anna
  castlist sheet film.castlist --posters posters/ --xmp    a picture of each person as a file
""",
)
@click.argument("workspace", type=WORKSPACE)
@click.argument("person", required=False)
@click.option(
    "-o",
    "--output",
    type=PAGE,
    help="The file to write: .html, .pdf or .png; by default sheet.html in the workspace.",
)
@click.option(
    "--posters", type=OUTPUT_FOLDER, metavar="FOLDER",
    help="Write a portrait of each person, or of PERSON, as a JPEG file into FOLDER; a sheet only with -o.",
)  # fmt: skip
@click.option(
    "--xmp", is_flag=True, help="With --posters: store the names in the pictures, for photo programs."
)
def command(
    workspace: Path, person: str | None, output: Path | None, posters: Path | None, xmp: bool
) -> None:
    """Write a contact sheet of all people in WORKSPACE (film.castlist), or a page about PERSON."""
    if xmp and posters is None:
        raise click.UsageError("--xmp works only together with --posters FOLDER")
    if posters is not None:
        _posters(workspace, person, posters, xmp)
    if posters is None or output is not None:
        _sheet(workspace, person, output)


def _posters(workspace: Path, person: str | None, folder: Path, xmp: bool) -> None:
    from castlist.cli.output import visible
    from castlist.io.exports import Options
    from castlist.io.exports.posters import write_posters
    from castlist.store import Workspace

    with Workspace.open(workspace, write=False) as opened:
        cast = opened.cast()
    asked = () if person is None else (cast.named([person])[0].name,)
    written = write_posters(cast, folder, Options(person=tuple(asked) or None), xmp=xmp)
    click.echo(f"Posters: {len(written)} in {visible(str(folder))}")


def _sheet(workspace: Path, person: str | None, output: Path | None) -> None:
    from castlist.cli.links import file_uri, linked
    from castlist.cli.output import visible
    from castlist.outputs import check_output
    from castlist.pipeline.publish import alike_in, poses_in, stored_evidence
    from castlist.report.sheet import likeness, render_sheet, sheet_address, write_sheet
    from castlist.store import Workspace

    target = workspace / "sheet.html" if output is None else output
    if target.suffix.lower() not in (".html", ".pdf", ".png"):
        raise click.UsageError(
            f"{target.name}: a sheet can be written as .html, .pdf or .png; give the file one of these "
            "suffixes"
        )
    with Workspace.open(workspace, write=False) as opened:
        cast, base = opened.cast(), opened.machine()
        check_output(target, films=[cast.video.path], page=True)
        runs = [run for run in opened.runs() if run.finished]
        evidence = stored_evidence(opened, runs[-1].id if runs else None)
        evidence = replace(evidence, version=evidence.version or (runs[-1].version if runs else ""))
        chosen = None if person is None else cast.named([person])[0]
        figures = None
        if chosen is not None and base is not None and len(base.mean) == len(cast.tracks):
            figures = likeness(cast, chosen, base.mean)
        html = render_sheet(
            cast, chosen, thumbs=opened.image, evidence=evidence, likeness=figures, alike=alike_in(opened),
            pose=None if chosen is None else poses_in(opened), film=sheet_address(cast, target),
        )  # fmt: skip
    if target.suffix.lower() == ".html":
        write_sheet(html, target)
    else:
        _printed(html, target, 1 + -(-len(cast.people) // 3) if chosen is None else 1)
    click.echo(f"Sheet: {linked(visible(str(target)), file_uri(target))}")


def _printed(html: str, target: Path, rows: int) -> None:
    """The page as PDF or PNG, made by an installed browser; written completely or not at all."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise click.UsageError(
            f"to write {target.suffix}, castlist needs Chromium or Chrome; install one, or write .html "
            "and print that"
        )
    with tempfile.TemporaryDirectory() as folder:
        page, made = Path(folder) / "sheet.html", Path(folder) / f"made{target.suffix.lower()}"
        page.write_text(html, "utf-8")
        form = [f"--print-to-pdf={made}", "--no-pdf-header-footer"]
        if target.suffix.lower() == ".png":
            form = [
                f"--screenshot={made}",
                f"--window-size={WIDE},{max(HIGH, ROW * rows)}",
                "--hide-scrollbars",
            ]
        root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        command = [browser, *FLAGS, *root, f"--user-data-dir={folder}/profile", *form, page.as_uri()]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)  # noqa: S603
            data = made.read_bytes()
        except (subprocess.SubprocessError, OSError) as error:
            raise click.ClickException(
                f"the browser {browser} could not print the page; write .html instead"
            ) from error
    from castlist.store.files import write

    write(target, _trimmed(data) if target.suffix.lower() == ".png" else data)


def _trimmed(png: bytes) -> bytes:
    """A picture of a page without the empty paper below the contents."""
    import cv2
    import numpy as np

    image = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        return png
    used = np.flatnonzero((image != image[-1, -1]).any(axis=(1, 2)))
    end = int(used[-1]) + MARGIN if len(used) else len(image)
    return bytes(cv2.imencode(".png", image[:end])[1])
