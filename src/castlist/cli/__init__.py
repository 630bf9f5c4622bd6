"""The command line: one file a verb, each of which parses, calls and prints.

A verb's module is imported when it is called, so that `castlist --help` is there at once.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click

from castlist._version import __version__
from castlist.cli.output import sentence
from castlist.errors import CastlistError

__all__ = ["VERBS", "main"]

VERBS = {  # verb: (module, what it does)
    "find": ("castlist.cli.find", "Find the cast of a film."),
    "demo": ("castlist.cli.demo", "Draw a film and find its cast: castlist without a film at hand."),
    "info": ("castlist.cli.info", "Show the cast that was found, and how."),
    "export": ("castlist.cli.export", "Write the cast as CSV, JSON, WebVTT or MOT."),
    "review": ("castlist.cli.review", "Correct the cast in the browser."),
    "decide": ("castlist.cli.decide", "Correct the cast from the command line."),
    "redact": ("castlist.cli.redact", "Write the film again with only some people to be seen, and prove it."),
    "explain": ("castlist.cli.explain", "Say why two tracks are one person, or two."),
    "features": (
        "castlist.cli.features",
        "Write the face vectors of a film, with labels, for refine and bench.",
    ),
    "refine": ("castlist.cli.refine", "Refine your own features by SSiam or TSiam."),
    "bench": ("castlist.cli.bench", "Compare methods on labelled features, as the papers do."),
    "recipe": ("castlist.cli.recipe", "Print the recipe: every step with its options."),
    "doctor": ("castlist.cli.doctor", "Check versions, models and what the hardware can do."),
    "completion": ("castlist.cli.completion", "Print the shell's completion script."),
}


class Verbs(click.Group):
    """A group that imports a verb when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        command: click.Command = importlib.import_module(VERBS[name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([(name, what) for name, (_, what) in VERBS.items()])


@click.group(
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  castlist find film.mp4                       the cast, and film.castlist/report.html
  castlist find film.mp4 --json | jq .people
  castlist export film.castlist --format csv -o faces.csv
  castlist demo                                no film at hand? this draws one
""",
)
@click.version_option(__version__, message="castlist %(version)s")
def cli() -> None:
    """Find the cast of any video: who appears, when, and for how long, with no labels."""


def main() -> None:
    """Run the command line; whatever goes wrong is one sentence on stderr and a status that is not zero."""
    sys.exit(run())


def run(arguments: list[str] | None = None) -> int:
    """The exit status of a command line: 0 done, 2 it cannot be done as asked, 130 stopped by Ctrl-C."""
    try:
        result: Any = cli.main(args=arguments, prog_name="castlist", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except CastlistError as error:
        return _say(str(error), 2)
    except (KeyboardInterrupt, click.Abort):
        return _say("stopped; what was found so far is kept, and the same command goes on from there", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that closing it is quiet
        return 141
    except OSError as error:
        return _say(_system(error), 2)
    except MemoryError:
        return _say("there is not enough memory for this; close other programs and run it again", 2)


def _system(error: OSError) -> str:
    """What the operating system refused, in a sentence."""
    place = f" ({error.filename})" if error.filename else ""
    return f"{error.strerror or error}{place}; nothing that was kept is lost"


def _say(text: str, status: int) -> int:
    click.echo(f"castlist: {sentence(text)}", err=True)
    return status
