"""The command line: one file for each command, which parses its options, calls the library and prints.

A command's module is imported when the command is called, so that `castlist --help` prints at once.
"""

from __future__ import annotations

import codecs
import errno
import gc
import importlib
import os
import signal
import sys
from contextlib import suppress
from difflib import get_close_matches
from functools import partial
from io import BufferedWriter, FileIO, TextIOWrapper
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import click

from castlist._version import __version__
from castlist.cli.output import sentence
from castlist.errors import CastlistError
from castlist.shell_words import expand_home, shell_path

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

__all__ = ["COMMANDS", "main"]

SECTIONS: dict[str, dict[str, tuple[str, str]]] = {  # section: command: (module, what it does)
    "Every day": {
        "find": ("castlist.cli.find", "Find the cast of a film, or of all films in a folder."),
        "review": ("castlist.cli.review", "Correct the cast in the browser."),
        "export": ("castlist.cli.export", "Write the cast for other programs: tables, markers, subtitles."),
        "report": ("castlist.cli.report", "Update the report of a film; --open shows it."),
        "info": ("castlist.cli.info", "Show the cast that was found, and how."),
    },
    "Correct from the command line": {
        "decide": ("castlist.cli.decide", "Name, merge, split or hide people."),
        "propose": ("castlist.cli.propose", "Propose names from a table, markers or picture regions."),
        "explain": ("castlist.cli.explain", "Explain why two tracks are one person, or two people."),
    },
    "Films and pages to share": {
        "reel": ("castlist.cli.reel", "Write a film of one person's appearances."),
        "redact": (
            "castlist.cli.redact",
            "Hide people in a copy of the film, and check the result.",
        ),
        "sheet": ("castlist.cli.sheet", "Write a contact sheet, or a page about one person, to print."),
    },
    "Many films": {
        "library": ("castlist.cli.library", "Manage many films: one id for each person in all of them."),
        "search": ("castlist.cli.search", "Search a library by words or by a picture."),
        "mcp": ("castlist.cli.mcp", "Answer an assistant's questions about the cast."),
    },
    "Research": {
        "score": ("castlist.cli.score", "Score the cast of a film against labelled faces."),
        "features": (
            "castlist.cli.features",
            "Write the face vectors of a film, with labels, for refine and bench.",
        ),
        "refine": ("castlist.cli.refine", "Refine your own features by SSiam or TSiam."),
        "bench": ("castlist.cli.bench", "Compare methods on labelled features, as the papers do."),
        "recipe": ("castlist.cli.recipe", "Print the recipe: every step with its options."),
    },
    "Help": {
        "demo": ("castlist.cli.demo", "Draw a film and find its cast, to try castlist without a film."),
        "doctor": ("castlist.cli.doctor", "Check what is installed, the models, and the hardware."),
        "completion": ("castlist.cli.completion", "Print the shell's completion script."),
    },
}
# Thresholds of Python's garbage collector. Its defaults, (700, 10, 10), take a twentieth of the time in which
# castlist starts.
COLLECT = (20_000, 20, 20)
WIDTH = max(len(name) for section in SECTIONS.values() for name in section)
COMMANDS = {name: entry for section in SECTIONS.values() for name, entry in section.items()}


class Commands(click.Group):
    """A group that imports a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[name][0]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(_unknown_command(args[0]), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(WIDTH), summary) for name, (_, summary) in commands.items()])


def _unknown_command(name: str) -> str:
    """The message for a first word that is no command: what the user may have meant."""
    from castlist.outputs import kind_of_folder
    from castlist.web_addresses import is_address

    if is_address(name):
        return f"web addresses are not fetched: save {name!r} to a file, then run castlist find FILE"
    near = get_close_matches(name.lower(), COMMANDS, n=2, cutoff=0.6)
    if near and not Path(name).exists():
        return f"there is no command {name!r}; did you mean {' or '.join(near)}?"
    if kind_of_folder(Path(name)) == "workspace":
        return f"there is no command {name!r}; its content: castlist info {shell_path(name)}"
    if Path(name).exists() or Path(name).suffix:
        return f"there is no command {name!r}; to find a film's cast: castlist find {shell_path(name)}"
    return f"there is no command {name!r}; castlist --help lists them"


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  castlist find film.mp4                       find the cast; writes film.castlist/report.html
  castlist find film.mp4 --json | jq .people
  castlist export film.mp4 -o film.edl         markers for an editing program
  castlist demo                                draw a film and find its cast
""",
)
@click.version_option(__version__, message="castlist %(version)s")
def cli() -> None:
    """Find the cast of any video: who appears, when, and for how long, with no labels."""


def main() -> None:
    """Run the command line; any failure becomes one sentence on stderr and a nonzero exit status."""
    _open_streams()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        # nohup makes the process ignore SIGHUP
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)
    gc.set_threshold(*COLLECT)
    status = run()
    gc.freeze()  # the process ends here: without this, the garbage collector would search all objects first
    sys.exit(status)


def _open_streams() -> None:
    """Replace the streams that the shell closed, and print "?" for characters that an encoding lacks.

    Names are Unicode; a locale such as en_US.ISO-8859-1 cannot print all of them. JSON output is ASCII, and
    exported files are bytes.
    """
    if sys.stdin is None:  # closed by the shell, as by <&-
        sys.stdin = open(os.devnull)  # noqa: SIM115
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, TextIOWrapper(BufferedWriter(_ClosedOutput()), "utf-8"))
    for stream in (sys.stdout, sys.stderr):
        # In the locales C and POSIX, Python sets "surrogateescape", which fails on Unicode that ASCII lacks.
        if isinstance(stream, TextIOWrapper) and (
            stream.errors == "strict"
            or (stream.errors == "surrogateescape" and codecs.lookup(stream.encoding).name != "utf-8")
        ):
            stream.reconfigure(errors="replace")


class _ClosedOutput(FileIO):
    """Replaces a stream that the shell closed, and records whether output was lost."""

    lost = False

    def __init__(self) -> None:
        super().__init__(os.devnull, "wb")

    def write(self, data: Buffer, /) -> int:
        self.lost = True
        return super().write(data)


def _printed_nowhere() -> bool:
    """Whether output was written to a standard output that the shell had closed."""
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    return isinstance(raw, _ClosedOutput) and raw.lost


SECOND = 5  # seconds from the first signal to the second interrupt
# Seconds from the second interrupt until the system kills castlist: results are stored piece by piece.
LAST = 15


class Stopped(KeyboardInterrupt):
    """A signal that ends castlist as Ctrl-C does: results found so far are kept."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def _stop(number: int, frame: object) -> None:
    """Interrupt castlist, and make sure that it ends.

    Python drops an exception that is raised while it frees an object, and a lock that is acquired at that
    moment is never released: other threads then wait for ever. So castlist is interrupted once more after
    SECOND seconds, and killed by the system after LAST more.
    """
    if hasattr(signal, "alarm"):
        signal.signal(signal.SIGALRM, partial(_stop_again, number))
        signal.alarm(SECOND)
    raise Stopped(number)


def _stop_again(number: int, alarm: int, frame: object) -> None:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(LAST)
    raise Stopped(number)


def run(arguments: list[str] | None = None) -> int:
    """Run a command line and return its exit status.

    0: done. 2: it cannot be done as asked. 128 plus a signal's number: stopped by that signal; 130 by Ctrl-C,
    141 because the reader of the output is gone.
    """
    try:
        result = _result(arguments)
        sys.stdout.flush()
        if _printed_nowhere() and not result:
            return _print_error(CLOSED, 2)
        return result if isinstance(result, int) else 0
    except click.UsageError as error:
        return _print_error(error.format_message().rstrip(".") + _help(error), 2)
    except click.ClickException as error:
        return _print_error(error.format_message(), 2)
    except CastlistError as error:
        return _print_error(str(error), 2)
    except (KeyboardInterrupt, click.Abort) as error:
        # Click's Abort has the signal as its cause.
        status = 128 + getattr(error.__cause__ or error, "number", signal.SIGINT)
        words = sys.argv[1:] if arguments is None else arguments
        return _print_error(CONTINUED if set(words[:1]) & set(CONTINUING) else BEGUN_AGAIN, status)
    except BrokenPipeError:
        return _unread()
    except SystemExit:  # click and rich raise it with status 1; commands return their status
        return _unread()
    except OSError as error:
        _forget_stdout()
        return _print_error(_system(error), 2)
    except MemoryError:
        return _print_error(NO_MEMORY, 2)
    except Exception as error:
        if _short_of_memory(error):
            return _print_error(NO_MEMORY, 2)
        if os.environ.get(STRICT):
            raise
        return _print_error(_own_step(error) or _defect(error), 2)


def _help(error: click.UsageError) -> str:
    """The form of the command if a word is missing or too many, and where its help is."""
    ctx = error.ctx
    if ctx is None:
        return ""
    form = ""
    if isinstance(error, click.MissingParameter) or "extra argument" in error.message:
        form = f"; write it as in: {_form(ctx)}"
    return f"{form} (see {ctx.command_path} --help)"


def _form(ctx: click.Context) -> str:
    """The command with its arguments, the options that it needs, and -o if it can write a file."""
    words = [ctx.command_path]
    options = [p for p in ctx.command.params if isinstance(p, click.Option)]
    words += [p.make_metavar(ctx) for p in ctx.command.params if isinstance(p, click.Argument)]
    for option in options:
        word = f"{min(option.opts, key=len)} {option.make_metavar(ctx)}"
        if option.required:
            words.append(word)
        elif "-o" in option.opts:
            words.append(f"[{word}]")
    return " ".join(words)


def _result(arguments: list[str] | None) -> object:
    """The command's return value; for a group without a command, its help.

    Click before 8.2 prints the help itself; later versions raise the help as the message of an error.
    """
    words = expand_home(sys.argv[1:] if arguments is None else arguments)
    _refuse_empty(words)
    try:
        result: object = cli.main(args=words, prog_name="castlist", standalone_mode=False, obj=tuple(words))
    except getattr(click.exceptions, "NoArgsIsHelpError", ()) as error:
        click.echo(error.ctx.get_help())
        return 0
    return result


def _refuse_empty(words: list[str]) -> None:
    """Refuse an option with an empty value, as from an unset shell variable: it would be ignored.

    Raises:
        click.UsageError: an option has an empty value; the message names the option.
    """
    options = words[: words.index("--")] if "--" in words else words
    for before, word in pairwise(["", *options]):
        empty = before if not word and before.startswith("-") else word.removesuffix("=")
        if empty != word and empty.startswith("-"):
            raise click.UsageError(f"{empty} is empty; give it a value, or leave it out")


def _short_of_memory(error: BaseException | None) -> bool:
    """Whether an error, or one of its causes, means that memory ran out; some libraries raise other types."""
    while error is not None:
        if isinstance(error, MemoryError) or any(words in str(error).lower() for words in SHORT):
            return True
        error = error.__cause__ or error.__context__
    return False


CLOSED = "standard output is closed, so that what was to be printed is lost; run the command without >&-"
CONTINUING = ("bench", "find")  # commands that save their results while they run
CONTINUED = "stopped; what was found so far is saved, and the same command continues from there"
BEGUN_AGAIN = "stopped; nothing that was saved is lost, and the same command can be run again"
STRICT = "CASTLIST_STRICT"  # environment variable: show the traceback of a defect, as in castlist's own tests
# Messages of libraries in C and C++ when memory runs out; even the import of one can fail in this way.
SHORT = (
    "bad_alloc", "bad allocation", "insufficient memory", "cannot allocate memory", "unable to allocate",
    "failed to map segment", "failed to allocate memory", "can't start new thread", "out of memory",
)  # fmt: skip
NO_MEMORY = "there is not enough memory for this; close other programs and run it again"


def _unread() -> int:
    """The exit status when the reader of the output is gone, as after `| head -1`: that of SIGPIPE."""
    _forget_stdout()
    return 141


def _forget_stdout() -> None:
    """Drop unwritten output, so that the process does not try to write it again when it ends."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _system(error: OSError) -> str:
    """The message about an operation that the operating system refused."""
    if error.errno == errno.ENOMEM:
        return NO_MEMORY
    place = f" ({error.filename})" if error.filename else ""
    return f"{error.strerror or error}{place}; nothing that was saved is lost"


def _own_step(error: Exception) -> str:
    """The message about an exception in a step of the user's own, and where it was raised; "" for any
    other."""
    from castlist.recipe import imported_modules

    trace, place, own = error.__traceback__, "", imported_modules()
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__") in own:
            place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    if not place:
        return ""
    text = " ".join(str(error).split())[:200] or "without a message"
    return f"a step of your own failed ({type(error).__name__} in {place}): {text}"


def _defect(error: Exception) -> str:
    """The message about a defect of castlist: what the user can do."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f", {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace is not None else ""
    return (
        f"a mistake in castlist itself ({type(error).__name__}{where}); nothing that was saved is lost: "
        f"run the same command with {STRICT}=1 before it, and please report what it prints"
    )


def _print_error(text: str, status: int) -> int:
    with suppress(OSError):  # stderr may have no reader
        click.echo(f"castlist: {sentence(text)}", err=True)
    return status
