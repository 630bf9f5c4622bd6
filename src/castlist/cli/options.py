"""Options that several commands share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click
from click.shell_completion import CompletionItem

from castlist.cli.choices import OneOf
from castlist.name_forms import comparable
from castlist.shell_words import shell_path
from castlist.web_addresses import is_address, not_fetched

if TYPE_CHECKING:
    from castlist.recipe import Recipe

__all__ = [
    "WORKSPACE",
    "author_option",
    "films_options",
    "first_frame_option",
    "listen_options",
    "machine_options",
    "made_recipe",
    "people_named",
    "place_advised",
    "recipe_options",
    "split_names",
    "truth_option",
    "workspace_of",
]

F = TypeVar("F", bound=Callable[..., object])


def films_options(command: F) -> F:
    """The argument FILMS, and the options for where their results are written."""
    command = click.argument("films", nargs=-1, required=True, metavar="FILM...", type=FilmPath())(command)
    return click.option(
        "-o", "--out", metavar="FOLDER",
        help="Folder for the results: of one FILM its workspace, of several the folder that will hold all "
        "workspaces. By default beside each FILM.",
    )(command)  # fmt: skip


def recipe_options(command: F) -> F:
    """The options for a recipe, the number of people, and single settings of the recipe."""
    command = click.option(
        "--recipe", metavar="TOML", help="A file with the values of options; castlist recipe prints one."
    )(command)
    command = click.option(
        "--people", metavar="N|A-B", help="The number of people, if you know it: 6, or 4-8."
    )(command)
    return click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="STEP.OPTION=VALUE",
        help="Change one option of the recipe; can be given several times.",
        shell_complete=_settings,
    )(command)


def machine_options(command: F) -> F:
    """The options for where the work is done; these never change the result."""
    command = click.option(
        "--device", type=OneOf("device", ["auto", "cpu", "cuda", "mps"], {"gpu": ("cuda",)}),
        default="auto", show_default=True,
        help="Where the neural networks run. auto: refinement on a GPU if there is one, the face "
        "networks on the CPU.",
    )(command)  # fmt: skip
    return click.option(
        "--threads",
        type=click.IntRange(0),
        default=0,
        show_default=True,
        help="Processor threads; 0: one for each core.",
    )(command)


def listen_options(command: F) -> F:
    """The options for the address at which a page is served."""
    command = click.option(
        "--host", default="127.0.0.1", metavar="ADDRESS",
        help="Address of this machine at which the page can be opened, for a phone or tablet in the same "
        "network; 0.0.0.0: all addresses.",
    )(command)  # fmt: skip
    return click.option(
        "--port",
        type=click.IntRange(0, 65535),
        default=0,
        help="Port on this machine; by default any free one.",
    )(command)


def truth_option(*, required: bool = False) -> Callable[[F], F]:
    """The option for a file of labelled faces."""
    return click.option(
        "--truth", type=click.Path(path_type=Path), required=required, metavar="FILE",
        help="Labelled faces: a CSV file with frame,x,y,w,h,label, or a MOTChallenge file without a header "
        "(frame,id,left,top,width,height).",
    )  # fmt: skip


def author_option(stored: str) -> Callable[[F], F]:
    """The option for the person who decides; `stored` says where the name is stored."""
    return click.option(
        "--author", default="", callback=_author, help=f"Name of the person who decides; stored {stored}."
    )


def _author(ctx: click.Context, param: click.Parameter, value: str) -> str:
    if not value:
        return value
    from castlist.decisions.decision import clean_name
    from castlist.decisions.names import unreadable

    if unread := unreadable(clean_name(value)):
        raise click.BadParameter(unread)
    return value


def first_frame_option(command: F) -> F:
    """The option for the number of the first frame in a file of labelled faces."""
    return click.option(
        "--first-frame", type=click.Choice(["0", "1"]),
        help="The number that FILE gives to the first frame; by default 0 in a CSV file, 1 in a MOTChallenge "
        "file.",
    )(command)  # fmt: skip


class GivenPath(click.Path):
    """An argument for a path to read; `Path` alone would take an empty name for the current folder."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        if not os.fspath(value) or "\0" in os.fspath(value):
            self.fail("the name is empty or contains a zero character; give the path of a file", param, ctx)
        return Path(value)


GIVEN = GivenPath()


def workspace_of(path: Path) -> Path:
    """The workspace for a path: the path itself, or the workspace of a film, which may be missing.

    Raises:
        InputError: the workspace belongs to another film.
    """
    from castlist.store import Workspace

    if path.is_file():
        from castlist.film_workspace import check_film, workspace_of

        place = workspace_of(path)
        check_film(path, place)
        return place
    gone = not path.exists() and path.suffix not in ("", ".castlist")
    beside = Workspace.beside(path) if gone else path
    return beside if beside.is_dir() else path


class WorkspacePath(click.ParamType):  # type: ignore[type-arg]
    """A workspace, or the film beside it."""

    name = "workspace"

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        if isinstance(value, str) and is_address(value):
            self.fail(not_fetched(value), param, ctx)
        if not os.fspath(value) or "\0" in os.fspath(value):
            self.fail(
                "the name of the workspace is empty or contains a zero character; give the path of a folder",
                param,
                ctx,
            )
        place = workspace_of(Path(value))
        if ctx is not None and not place.exists():
            _check_order(os.fspath(value), ctx)
        return place

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        return [CompletionItem(incomplete, type="file")]


def _check_order(value: str, ctx: click.Context) -> None:
    """Raise click.UsageError if the workspace stands after another word, such as a person or a file."""
    from castlist.outputs import kind_of_folder

    words = ctx.find_root().obj
    for before, word in pairwise(words if isinstance(words, tuple) else ()):
        if before.startswith("-") or word == value or kind_of_folder(Path(word)) != "workspace":
            continue
        params = ctx.command.params
        several = sum(isinstance(param, click.Argument) for param in params) > 1
        option = "" if several or not any("-o" in param.opts for param in params) else "-o "
        raise click.UsageError(
            f"{value} is not a workspace; write the workspace first, as in: {ctx.command_path} "
            f"{shell_path(word)} {option}{shell_path(value)}",
            ctx,
        )


WORKSPACE = WorkspacePath()


class OutputFile(click.Path):
    """A file to write; a path that must not be written is refused before the command does anything.

    Args:
        page: the output is a page, which may replace one of a workspace's own pages.
        made: a missing folder is made.
        dash: `-` has a meaning of its own in this command.
    """

    def __init__(self, *, page: bool = False, made: bool = False, dash: bool = False) -> None:
        super().__init__(path_type=Path)
        self.page, self.made, self.dash = page, made, dash

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        from castlist.outputs import check_output

        if os.fspath(value) == "-":
            if not self.dash:
                self.fail(
                    "this command does not write to standard output; give the name of a file", param, ctx
                )
            return Path(value)
        check_output(value, page=self.page, folder=not self.made)
        return Path(value)


class OutputFolder(click.Path):
    """A folder to write files into; refused as `OutputFile` refuses files."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        from castlist.outputs import check_output_folder

        check_output_folder(value)
        return Path(value)


OUTPUT, PAGE, FEATURES, OUTPUT_FOLDER = (
    OutputFile(),
    OutputFile(page=True),
    OutputFile(made=True),
    OutputFolder(),
)


class FilmPath(click.ParamType):  # type: ignore[type-arg]
    """A film, or a folder of films, on this machine."""

    name = "film"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if is_address(value):
            self.fail(not_fetched(value), param, ctx)
        if not value or "\0" in value:
            self.fail(
                "the name of the film is empty or contains a zero character; give the path of a film",
                param,
                ctx,
            )
        return str(value)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        return [CompletionItem(incomplete, type="file")]


def _settings(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Completions: STEP.OPTION= for every option of the default recipe, and the choices of each step."""
    from dataclasses import fields, is_dataclass

    from castlist.recipe import CHOICES, Recipe

    found = [f"{step}.use={name}" for step in CHOICES for name in CHOICES[step]]
    for step in CHOICES:
        made = getattr(Recipe(), step)
        found += [f"{step}.{f.name}=" for f in fields(made)] if is_dataclass(made) else []
    return [CompletionItem(text) for text in found if text.startswith(incomplete)]


def people_named(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Completions: the names of the people of the workspace given before."""
    from castlist.errors import CastlistError
    from castlist.store import Workspace

    try:
        with Workspace.open(ctx.params["workspace"], write=False) as workspace:
            names = [person.name for person in workspace.cast().everybody]
    except (CastlistError, KeyError, TypeError):
        return []
    return [CompletionItem(name) for name in names if comparable(name).startswith(comparable(incomplete))]


@contextmanager
def place_advised(option: str = "--out") -> Iterator[None]:
    """Add advice to use this option to an error for which a workspace in another folder would help."""
    from castlist.errors import WorkspaceError

    try:
        yield
    except WorkspaceError as error:
        if error.elsewhere:
            raise WorkspaceError(f"{error}; or name another place with {option}") from error
        raise


def split_names(given: tuple[str, ...], known: Iterable[str]) -> list[str]:
    """Names in options; each option may hold several, separated by commas; a known name may contain commas.

    Raises:
        InputError: an option contains no name; to ignore it would select all people.
    """
    from castlist.errors import InputError

    whole = {comparable(name) for name in known}
    found = [list(_names_in(text.split(","), whole)) for text in given]
    for text, names in zip(given, found, strict=True):
        if not names:
            raise InputError(f"{text!r} contains no name; give the name of a person, or leave the option out")
    return [name for names in found for name in names]


def _names_in(parts: list[str], known: set[str]) -> Iterator[str]:
    """The names in texts between commas: joined to the longest known name, else each text alone."""
    begin = 0
    while begin < len(parts):
        tried = ((end, ",".join(parts[begin:end]).strip()) for end in range(len(parts), begin, -1))
        single = (begin + 1, parts[begin].strip())
        begin, name = next((each for each in tried if comparable(each[1]) in known), single)
        if name:
            yield name


def made_recipe(path: str | None, settings: tuple[str, ...], people: str | None = None) -> Recipe:
    """The recipe that these options describe; a single setting takes precedence over the number of people."""
    from castlist.recipe import Recipe

    recipe = Recipe.read(path) if path else Recipe()
    recipe = recipe if people is None else recipe.with_people(people)
    for setting in settings:
        recipe = recipe.with_setting(setting)
    return recipe
