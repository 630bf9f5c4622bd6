"""castlist completion: the script that completes castlist's commands and options in a shell."""

from __future__ import annotations

import click

from castlist.cli.choices import OneOf


@click.command(
    epilog="""\b
Examples:
  eval "$(castlist completion bash)"                                  in ~/.bashrc
  eval "$(castlist completion zsh)"                                   in ~/.zshrc
  castlist completion fish > ~/.config/fish/completions/castlist.fish
""",
)
@click.argument("shell", type=OneOf("shell", ["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script for SHELL."""
    from click.shell_completion import get_completion_class

    from castlist.cli import cli

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"there is no completion for {shell}")
    click.echo(kind(cli, {}, "castlist", "_CASTLIST_COMPLETE").source())
