"""castlist doctor: versions, models, and what the hardware can run."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import platform
from typing import TypedDict

import click

from castlist._version import __version__
from castlist.extras import install
from castlist.machine_limits import cores

PACKAGES = ("av", "numpy", "onnxruntime", "opencv-python-headless", "scipy", "scikit-learn", "h5py", "torch")


@click.command(
    epilog="""\b
Examples:
  castlist doctor
  castlist doctor --json
""",
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def command(as_json: bool) -> int:
    """Check versions, models with hash and licence, and which providers run."""
    findings = examine()
    click.echo(json.dumps(findings, indent=1) if as_json else _text(findings))
    return 1 if findings["problems"] else 0


class ModelFacts(TypedDict):
    """A model, and whether it runs on this machine."""

    name: str
    task: str
    sha256: str
    licence: str
    commercial: bool
    training_data: str
    source: str
    optional: bool
    runs_on: str | None  # onnxruntime's provider
    problem: str | None


class Findings(TypedDict):
    """What `castlist doctor --json` prints."""

    castlist: str
    python: str
    platform: str
    cores: int | None
    packages: dict[str, str | None]
    models: list[ModelFacts]
    providers: list[str]
    torch: str
    problems: list[str]


def examine() -> Findings:
    """What is installed, and what works."""
    models = [_model(name) for name in _models()]
    problems = [m["problem"] for m in models if m["problem"] is not None and not m["optional"]]
    return {
        "castlist": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": cores(),
        "packages": {name: _version(name) for name in PACKAGES},
        "models": models,
        "providers": _providers(),
        "torch": _torch(),
        "problems": problems + _clashes(),
    }


def _models() -> list[str]:
    from castlist.models import MODELS

    return list(MODELS)


def _model(name: str) -> ModelFacts:
    """The facts about a model, and whether it runs."""
    from castlist.errors import CastlistError, MissingExtra
    from castlist.models import MODELS, load

    model = MODELS[name]
    facts: ModelFacts = {
        "name": name, "task": model.task, "sha256": model.sha256, "licence": model.licence,
        "commercial": model.commercial, "training_data": model.training_data, "source": model.source,
        "optional": bool(model.extra), "runs_on": None, "problem": None,
    }  # fmt: skip
    try:
        facts["runs_on"] = load(name).provider
    except MissingExtra as error:
        facts["problem"] = f"not installed: {install(error.extra)}"
    except CastlistError as error:
        facts["problem"] = str(error)
    return facts


def _providers() -> list[str]:
    from castlist.models.runtime import onnx_runtime

    # Azure's provider is a web service, which castlist never calls.
    return [p for p in onnx_runtime().get_available_providers() if p != "AzureExecutionProvider"]


def _torch() -> str:
    """The device that torch would train on, if torch is installed."""
    if importlib.util.find_spec("torch") is None:
        return "not installed; training runs in NumPy, which is enough (GPU: " + install("torch") + ")"
    import torch

    if torch.cuda.is_available():
        return f"CUDA: {torch.cuda.get_device_name()}"
    mps = getattr(torch.backends, "mps", None)
    return "MPS" if mps is not None and mps.is_available() else "CPU only"


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _clashes() -> list[str]:
    """OpenCV packages that overwrite each other's files, if several are installed."""
    names = (
        "opencv-python",
        "opencv-contrib-python",
        "opencv-python-headless",
        "opencv-contrib-python-headless",
    )
    found = [name for name in names if _version(name)]
    if len(found) < 2:
        return []
    others = " ".join(name for name in found if name != "opencv-python-headless")
    return [
        f"{' and '.join(found)} are both installed and overwrite each other's files: "
        f"pip uninstall {others}, then pip install --force-reinstall 'opencv-python-headless<5'"
    ]


def _text(findings: Findings) -> str:
    lines = [
        f"castlist {findings['castlist']}, Python {findings['python']}, {findings['platform']}, "
        f"{findings['cores']} cores",
        "",
        "Packages",
        *(f"  {name:<24}{version or 'not installed'}" for name, version in findings["packages"].items()),
        "",
        "Models",
    ]
    for model in findings["models"]:
        state = model["problem"] or f"runs on {model['runs_on']}"
        lines += [
            f"  {model['name']:<14}{model['task']}: {state}",
            f"                {model['source']}",
            f"                licence {model['licence']}; trained on: {model['training_data']}",
            f"                SHA-256 {model['sha256']}",
        ]
    lines += [
        "",
        f"onnxruntime providers: {', '.join(findings['providers'])}",
        f"torch: {findings['torch']}",
        "",
    ]
    lines += [f"Problem: {p}" for p in findings["problems"]] or ["All is well."]
    return "\n".join(lines)
