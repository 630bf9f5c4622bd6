"""castlist report: write the report again after new decisions, and print its path; with stills on demand."""

from __future__ import annotations

from pathlib import Path

import click

from castlist.cli.options import PAGE, WORKSPACE, place_advised


@click.command(
    epilog="""\b
Examples:
  castlist report film.castlist
  castlist report film.castlist --open       in the browser
  castlist report film.castlist -o report.html
""",
)
@click.argument("workspace", type=WORKSPACE)
@click.option(
    "--stills/--no-stills",
    default=True,
    help="Show a picture of the film for each appearance; each is taken from the film once.  [default: "
    "stills]",
)
@click.option("--open", "opened", is_flag=True, help="Open the page in the browser.")
@click.option(
    "-o",
    "--output",
    type=PAGE,
    help="The file to write; by default report.html in the workspace.",
)
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
def command(workspace: Path, stills: bool, opened: bool, output: Path | None, quiet: bool) -> None:
    """Write the report of WORKSPACE (film.castlist) from the present cast, and print where it is."""
    from castlist.cli.links import file_uri, linked
    from castlist.cli.output import visible
    from castlist.pipeline.publish import write_report
    from castlist.store import Workspace

    target = workspace / "report.html" if output is None else output
    if stills:
        _make_stills(workspace, quiet)
    with Workspace.open(workspace, write=False) as film:
        runs = [run.id for run in film.runs() if run.finished]
        with place_advised("-o"):
            write_report(film, film.cast(), film.portraits(), runs[-1] if runs else None, path=target)
    click.echo(f"Report: {linked(visible(str(target)), file_uri(target))}")
    if opened:
        click.launch(target.absolute().as_uri())


def _make_stills(workspace: Path, quiet: bool) -> None:
    """Cut stills out of the film; if that fails, say why and show only the faces."""
    from castlist.cli.output import progress, visible
    from castlist.errors import CastlistError
    from castlist.pipeline.stills import make_stills
    from castlist.store import Workspace

    with Workspace.open(workspace, write=False) as film:
        cast, erased = film.cast(), film.erased
    if erased:
        click.echo(
            "A person was erased from this film, so the report shows only faces: whole pictures of the film "
            "could show that person.",
            err=True,
        )
        return
    try:
        with progress(quiet) as watch, Workspace.open(workspace) as film:
            make_stills(film, cast, lambda done, total: watch("stills", done, total))
    except CastlistError as error:
        click.echo(visible(f"the report has no new pictures of the film: {error}", 400), err=True)
