"""castlist library: many films, one id for each person across all of them."""

from __future__ import annotations

import click

from castlist.cli.choices import unknown
from castlist.cli.library import decisions, films, questions, upkeep

__all__ = ["command"]


EXAMPLES = """
\b
Examples:
  castlist library add season e01.mp4 e02.mp4     films without a cast are searched first
  castlist library people season
  castlist library review season                  answer its questions in the browser
  castlist library questions season               list the questions
  castlist library links season                   list links that may be wrong
  castlist library name season 7K3QZX "Anna Lindqvist"
  castlist search season --photo anna.jpg
LIB is a folder. Write a person as an id, the last letters of the id, or a name.
"""

MEANT = {  # other words for the commands, of other programs and of castlist
    "rename": ("name",), "join": ("merge",), "delete": ("remove", "forget"), "erase": ("forget",),
    "find": ("add",), "films": ("list",), "info": ("list",), "log": ("history",), "answer": ("decide",),
    "propose": ("proposals",),
}  # fmt: skip


class Order(click.Group):
    """A group that lists its commands in the order of use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            raise click.UsageError(unknown("command", args[0], self.commands, MEANT), ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=Order, epilog=EXAMPLES)
def command() -> None:
    """Manage many films in a library: who appears in which film, with one permanent id for each person."""


for verb in (
    films.add,
    films.update,
    films.list_films,
    films.people,
    films.show,
    questions.questions,
    questions.decide,
    questions.pairs,
    questions.judge,
    questions.links,
    questions.confirm,
    questions.recurring,
    questions.compare,
    questions.review,
    questions.proposals,
    decisions.history,
    decisions.undo,
    decisions.name,
    decisions.merge,
    decisions.split,
    decisions.remove,
    decisions.forget,
    upkeep.export,
    upkeep.index,
    upkeep.check,
    upkeep.rebuild,
):
    command.add_command(verb)
