"""Self-contained HTML pages: templates filled in, with styles and scripts inside."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from castlist.errors import WorkspaceError
from castlist.outputs import check_output, part_file, unwritten
from castlist.report import formatting

if TYPE_CHECKING:
    import jinja2

__all__ = ["compile_template", "filled", "write_page"]


def filled(template: str, styles: Sequence[str], script: str = "", **values: object) -> str:
    """A page as HTML; equal values give equal bytes.

    Args:
        template: a file beside `page.html`, which it extends.
        styles, script: files beside it; the page allows only these styles and this script.
        values: for the template; `w` in it has the functions of `castlist.report.formatting`.
    """
    style, code = "".join(map(_asset, styles)), _asset(script) if script else ""
    parts = {"style": style, "style_hash": _hash(style), "script": code, "script_hash": _hash(code)}
    return str(_environment().get_template(template).render(page=parts, w=formatting, **values))


def compile_template(template: str) -> None:
    """Compile a template in advance, since the first time takes a fifth of a second."""
    _environment().get_template(template)


def write_page(html: str, path: str | Path) -> Path:
    """Write HTML to a file, completely or not at all; returns its path.

    Raises:
        InputError: the path is that of a film, a database or a folder, or of a workspace or library.
        WorkspaceError: the file cannot be written; the previous file is untouched.
    """
    path = Path(path)
    check_output(path, page=True)
    try:
        with part_file(path.absolute()) as part:
            with open(part, "wb") as file:
                file.write(html.encode("utf-8"))
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
    except OSError as error:
        raise WorkspaceError(unwritten(path, error)) from error
    return path


@cache
def _environment() -> jinja2.Environment:
    """The templates beside this file, each compiled once in a process."""
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader("castlist.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _asset(name: str) -> str:
    """The text of a file beside the templates."""
    return (files("castlist.report") / "templates" / name).read_text("utf-8")


def _hash(text: str) -> str:
    """A Content-Security-Policy source that allows exactly this inline text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
