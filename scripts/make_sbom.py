"""Write the bill of materials of an environment with castlist, and check it (CycloneDX).

python scripts/make_sbom.py PYTHON FILE      PYTHON: that environment's interpreter; FILE: castlist.cdx.json

Needs the package cyclonedx-bom. Exit status 1 if a requirement of castlist is missing from it, or has no
version or licence.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def main(python: str, file: Path) -> int:
    write(python, file)
    found = problems(json.loads(file.read_text("utf-8")))
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


def write(python: str, file: Path) -> None:
    """The environment's packages, castlist at the root."""
    make = [sys.executable, "-m", "cyclonedx_py", "environment", python, "--of", "JSON", "-o", str(file)]
    about = ["--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "application", "--output-reproducible"]
    subprocess.run([*make, *about], check=True)  # noqa: S603
    bill = json.loads(file.read_text("utf-8"))
    bill["metadata"]["component"]["version"] = version()  # pyproject.toml marks it as dynamic
    file.write_text(json.dumps(bill, indent=2, sort_keys=True) + "\n", "utf-8")


def version() -> str:
    """castlist's own version."""
    text = (ROOT / "src" / "castlist" / "_version.py").read_text("utf-8")
    return re.findall(r'__version__ = "([^"]+)"', text)[0]


def problems(bill: dict[str, Any]) -> list[str]:
    """The faults of a bill of materials, one sentence each."""
    components = bill.get("components")
    if bill.get("bomFormat") != "CycloneDX" or not isinstance(components, list):
        return ["the file is no bill of materials in CycloneDX's JSON"]
    root = bill.get("metadata", {}).get("component", {})
    if (root.get("name"), root.get("version")) != ("castlist", version()):
        return [f"the bill is of {root.get('name')} {root.get('version')}, not of castlist {version()}"]
    listed = {plain(part["name"]): part for part in components}
    wrong = [f"{name} is missing" for name in required() if name not in listed]
    for name in required():
        part = listed.get(name, {"version": "-", "licenses": "-"})
        wrong += [f"{name} has no {field}" for field in ("version", "licenses") if not part.get(field)]
    return wrong


def required() -> list[str]:
    """The required packages of castlist."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return [plain(re.split(r"[^\w.-]", line)[0]) for line in project["dependencies"]]


def plain(name: str) -> str:
    """A package's name normalised as by PyPI [PEP 503]."""
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
