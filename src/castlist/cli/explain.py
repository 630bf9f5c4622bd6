"""castlist explain: the evidence that two tracks show one person, or two people."""

from __future__ import annotations

from pathlib import Path

import click

from castlist.cli.options import (
    WORKSPACE,
    OutputFile,
    made_recipe,
    people_named,
    place_advised,
    recipe_options,
)

EXAMPLES = """
\b
Examples:
  castlist explain film.castlist 12 47
  castlist explain film.castlist "Person 1" "Person 4"
  castlist explain film.castlist 12 47 --json | jq .probability
"""


@click.command(epilog=EXAMPLES)
@click.argument("workspace", type=WORKSPACE)
@click.argument("a", shell_complete=people_named)
@click.argument("b", shell_complete=people_named)
@recipe_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "-o", "--output", type=OutputFile(page=True, dash=True),
    help="The page with the pictures; - writes none.", show_default="explain.html in the workspace",
)  # fmt: skip
def command(
    workspace: Path, a: str, b: str, recipe: str | None, people: str | None, settings: tuple[str, ...],
    as_json: bool, output: Path | None,
) -> None:  # fmt: skip
    """Explain why A and B are one person or two people; A and B are numbers of tracks or names of people.

    For two people, their two most similar tracks are compared. castlist computes the evidence again from
    WORKSPACE (film.castlist), which takes seconds, and writes a page with the most similar faces.
    """
    from castlist.cli.output import visible
    from castlist.errors import WorkspaceError
    from castlist.io import plain_json
    from castlist.pipeline.explain import explain
    from castlist.pipeline.explanation import as_plain
    from castlist.report import write_explanation
    from castlist.store import Workspace

    given = recipe or settings or people
    steps = made_recipe(recipe, settings, people) if given else None  # else the recipe of the workspace
    explanation = explain(workspace, a, b, recipe=steps)
    if as_json:
        click.echo(plain_json.text(as_plain(explanation)))
    for sentence in () if as_json else explanation.sentences:
        click.echo(visible(sentence))
    target = workspace / "explain.html" if output is None else output
    if str(target) == "-":
        return
    try:
        with Workspace.open(workspace, write=False) as opened, place_advised("-o"):
            film = opened.video()
            films = [] if film is None else [film.path]
            write_explanation(explanation, target, thumbs=opened.image, films=films)
    except WorkspaceError as error:
        if output is not None:
            raise
        click.echo(f"castlist: no page with pictures: {visible(str(error))}", err=True)
    else:
        click.echo(f"Pictures: {visible(str(target))}", err=as_json)
