"""Print the core requirements at the oldest versions that pyproject.toml allows, as constraints for pip."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

OLDEST = re.compile(r"^([\w.-]+)\s*(?:>=|==)\s*([\w.]+)")


def oldest(requirements: list[str]) -> list[str]:
    """`name==version.*` of each requirement: its lower limit, with later bug fixes of that version.

    Raises:
        ValueError: a requirement has no lower limit.
    """
    found = []
    for requirement in requirements:
        match = OLDEST.match(requirement)
        if match is None:
            raise ValueError(f"{requirement}: has no oldest version")
        series = match[2] if "." in match[2] else f"{match[2]}.0"
        found.append(f"{match[1]}=={series}.*")
    return found


if __name__ == "__main__":
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
    sys.stdout.write("\n".join(oldest(project["dependencies"])) + "\n")
