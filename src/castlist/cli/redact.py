"""castlist redact: a copy of the film that shows only some people, and the proof."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from castlist.cli.choices import OneOf
from castlist.cli.options import WORKSPACE, machine_options, split_names
from castlist.types import Machine

if TYPE_CHECKING:
    from castlist.redact import Redaction

SHOWN = 40  # moments that are listed


@click.command(
    epilog="""\b
Examples:
  castlist redact film.castlist --keep Anna,Bob -o public.mp4     all other people are hidden
  castlist redact film.castlist --hide Carl -o public.mp4         all others of the cast stay visible
  castlist redact film.castlist --hide-all -o public.mp4          no person stays visible
  castlist redact film.castlist --keep Anna --mute --fail-secure -o public.mp4
Review the cast first (castlist review): a person whom castlist mistakes for Anna stays visible.
Exit status 0: no hidden face was found in the new film. 1: some were found; the moments are listed.
""",
)
@click.argument("workspace", type=WORKSPACE)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The film to write.")
@click.option(
    "--check", "checked", type=click.Path(path_type=Path), metavar="FILM",
    help="Write no film; search FILM, redacted before, for people who should be hidden.",
)  # fmt: skip
@click.option(
    "--keep", multiple=True, metavar="NAME,...", help="People who stay visible; all others are hidden."
)
@click.option(
    "--hide", multiple=True, metavar="NAME,...",
    help="People who are hidden, with every face that may be theirs; all others of the cast stay "
    "visible.",
)  # fmt: skip
@click.option("--hide-all", is_flag=True, help="Hide all people.")
@click.option(
    "--style", type=OneOf("style", ["solid", "blur", "pixels"]), default="solid", show_default=True,
    help="How faces are hidden. solid leaves nothing of the face; something can still be recognised "
    "under blur or pixels.",
)  # fmt: skip
@click.option(
    "--mute", is_flag=True, help="Leave the sound out; people can also be recognised by their voices."
)
@click.option(
    "--fail-secure", is_flag=True,
    help="If a hidden face is lost for some frames, hide the whole picture until it is found again.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON, and nothing else on stdout.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
@machine_options
def command(
    workspace: Path, output: Path | None, checked: Path | None, keep: tuple[str, ...], hide: tuple[str, ...],
    hide_all: bool, style: str, mute: bool, fail_secure: bool, as_json: bool, quiet: bool, device: str,
    threads: int,
) -> int:  # fmt: skip
    """Write a copy of the film of WORKSPACE (film.castlist) in which only some people are visible.

    All other people are hidden: the rest of the cast, the background, and every face of an unknown person.
    Metadata, subtitles, attached pictures and data are left out. Then castlist searches every frame of the
    new film for people who should be hidden, and writes a report with checksums (OUTPUT.redaction.json).
    """
    from castlist.cli.output import progress
    from castlist.redact import Hide, check, redact
    from castlist.store import Workspace

    if (output is None) == (checked is None):
        raise click.UsageError(
            "give either -o public.mp4, the film to write, or --check public.mp4, a film to search; not both"
        )
    with Workspace.open(workspace, write=False) as opened:
        known = [p.name for p in opened.cast().everybody]
    kept, hidden = split_names(keep, known), split_names(hide, known)
    machine = Machine(device=device, threads=min(threads, os.cpu_count() or threads))
    margins = Hide(fail_secure=fail_secure)
    with progress(quiet) as watch:
        if output is None:
            done = check(
                workspace, checked or "", keep=kept, hide=hidden, hide_all=hide_all, style=style,
                margins=margins, machine=machine, watch=watch,
            )  # fmt: skip
        else:
            done = redact(
                workspace, output, keep=kept, hide=hidden, hide_all=hide_all, style=style, mute=mute,
                margins=margins, machine=machine, watch=watch,
            )  # fmt: skip
    text = json.dumps(done.document(), ensure_ascii=False, indent=1)
    report = None if output is None else _written(output, text)
    click.echo(text) if as_json else _print(done, report, workspace)
    return 0 if done.proved else 1


def _written(output: Path, text: str) -> Path:
    """The path of the report beside the film; the report is written there."""
    from castlist.store.files import write

    report = output.with_name(f"{output.name}.redaction.json")
    write(report, f"{text}\n".encode("utf-8", "backslashreplace"))
    return report


def _print(done: Redaction, report: Path | None, workspace: Path) -> None:
    from castlist.cli.links import linked, moment_uri
    from castlist.cli.output import visible
    from castlist.clock_times import clock_time

    click.echo(visible(done.sentence))
    for leak in done.leaks[:SHOWN]:
        box = ", ".join(f"{v:.0f}" for v in leak.box)
        span = f"{clock_time(leak.start)}–{clock_time(leak.stop)}"
        click.echo(f"  {linked(span, moment_uri(done.output, leak.start))}  frame {leak.frame}, at {box}")
    if len(done.leaks) > SHOWN:
        click.echo(f"  and {len(done.leaks) - SHOWN} more")
    if done.unsure:
        _print_unsure(done, workspace)
    if report:
        click.echo(f"Report: {visible(str(report))}")


def _print_unsure(done: Redaction, workspace: Path) -> None:
    """Print the tracks that are hidden because castlist is not sure whose faces they show, and what to do."""
    from castlist.cli.links import linked, moment_uri
    from castlist.cli.output import visible
    from castlist.clock_times import clock_time
    from castlist.shell_words import shell_path

    click.echo("Hidden because castlist is not sure whose face it is:")
    for each in done.unsure[:SHOWN]:
        span = f"{clock_time(each.start)}–{clock_time(each.stop)}"
        name, moment = visible(each.person), linked(span, moment_uri(done.film, each.start))
        click.echo(f"  {moment}  track {each.track}, {name} with p = {each.probability:.2f}")
    if len(done.unsure) > SHOWN:
        click.echo(f"  and {len(done.unsure) - SHOWN} more; --json lists all")
    place = shell_path(str(workspace))
    numbers = " ".join(str(each.track) for each in done.unsure[:SHOWN])
    click.echo(
        f"Look at these tracks in castlist review {place}. If each shows the person named here, confirm them "
        f"and run the same command again: castlist decide {place} confirm {numbers}"
    )
