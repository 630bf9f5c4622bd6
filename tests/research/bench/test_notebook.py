"""The notebook for researchers runs from its first cell to its last."""

import json
from pathlib import Path

NOTEBOOK = Path(__file__).resolve().parents[3] / "docs" / "notebooks" / "own-features.ipynb"


def test_every_cell_runs_and_the_page_is_there(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert len(code) >= 6
    for number, text in enumerate(code, 1):
        exec(compile(text, f"cell {number}", "exec"), names)  # noqa: S102 - our own notebook
    said = capsys.readouterr().out
    assert "Use --method tsiam" in said
    assert "tsiam-cross" in said
    assert "<table>" in (tmp_path / "bench.html").read_text("utf-8")
