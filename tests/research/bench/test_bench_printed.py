"""Tables as CSV and LaTeX: the same numbers, escaped names, the best in bold where asked."""

import csv
import io
import json
import re
import shutil
import subprocess

import pytest
from bench_made import QUICK, call, quick_bench, run, video

from castlist.errors import InputError
from castlist.research.bench import Dataset, Store, cells, csv_text, latex
from castlist.research.bench.latex import _labels, escaped, latex_table
from castlist.research.bench.solve import TRACK

ODD = r"50%_of {A & B}~x^y#$\[z]*"


@pytest.fixture
def found(tmp_path):
    """A set with a hard name and one of the slides, two runs of what has randomness."""
    bench = quick_bench(("base", "tsiam", "k-means"), 2, (TRACK,), (3,), options=QUICK)
    sets = [Dataset.of(video(ODD, seed=1)), Dataset.of(video("holiday", seed=2))]
    return cells(r for data in sets for r in run(bench, data, Store(tmp_path)))


def test_every_special_character_is_escaped():
    assert escaped("50%_of {A & B}") == r"50\%\_of \{A \& B\}"
    assert escaped("a\nb\\[c]") == r"a b\textbackslash{}{[}c{]}"
    assert escaped("0.9 ± 0.1") == r"0.9 $\pm$ 0.1"
    assert escaped("Zoë") == "Zoë"


def test_csv_has_a_row_for_each_cell_and_its_numbers(found):
    rows = list(csv.DictReader(io.StringIO(csv_text(found))))
    assert [(r["dataset"], r["method"]) for r in rows] == [(c.dataset, c.method) for c in found]
    for line, cell in zip(rows, found, strict=True):
        assert float(line["wcp"]) == pytest.approx(cell.score("wcp").mean, rel=1e-5)
        assert line["runs"] == str(len(cell.results))
        assert line["clusters_given"] == "3"
    assert rows[0]["auc"]
    assert rows[0]["auc_std"] == ""  # of one run
    assert rows[1]["auc_std"]  # of two
    assert next(csv.DictReader(io.StringIO(csv_text(found, ["ari"])))).keys() >= {"ari", "ari_std"}
    with pytest.raises(InputError, match="unknown column speed"):
        csv_text(found, ["speed"])


def test_latex_has_booktabs_and_no_bare_special_character(found):
    text = latex(found, ["wcp", "auc"])
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") == text.count(r"\toprule") == 3
    body = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
    assert ODD not in body
    assert escaped(ODD) in body
    labels = re.findall(r"\\label\{(.*?)\}", body)
    assert len(set(labels)) == 3
    assert all(re.fullmatch(r"tab:[a-z0-9-]+", label) for label in labels)
    rows = [line for line in body.splitlines() if line.endswith(r"\\")]
    assert all(not re.search(r"(?<!\\)[_#]", line) for line in rows)
    assert r"\textbf" not in text


def test_no_two_tables_have_one_label():
    found = list(_labels(["Ä B", "b", "a-b", "A  b", "é", "ß"]))
    assert found == ["tab:b", "tab:b-2", "tab:a-b", "tab:a-b-2", "tab:castlist", "tab:castlist-2"]


def test_the_best_of_each_column_is_bold_where_asked():
    rows = [["method", "accuracy"], ["a", "0.9 ± 0.1 [0.8]"], ["b", "-"]]
    text = latex_table(rows, caption="c", label="tab:t", best=frozenset({(1, 1)}))
    assert r"a & \textbf{0.9} $\pm$ 0.1 {[}0.8{]} \\" in text
    assert r"b & -- \\" in text


def test_equal_ones_are_all_bold_and_none_where_all_are(tmp_path):
    bench = quick_bench(("base", "hac-ward", "dbscan"), 1, (TRACK,), (3,))
    hard = video("holiday", persons=("a", "b", "c"), tracks=12)
    found = cells(run(bench, Dataset.of(hard), Store(tmp_path)))
    scores = {c.method: round(c.score("wcp").mean, 3) for c in found}
    text = latex(found, ["wcp"], bold=True)
    best = max(scores.values())
    expected = [m for m, score in scores.items() if score == best] if len(set(scores.values())) > 1 else []
    bold = [line.split(" & ")[0].strip() for line in text.splitlines() if r"\textbf" in line]
    assert bold == expected


def test_the_command_line_prints_one_format(files):
    given = ("run", "--data", files / "data", "--methods", "base", "--units", "track")
    given = (*given, "--results", files / "kept", "--clusters", "3")
    row = next(csv.DictReader(io.StringIO(call(*given, "--csv").stdout)))
    assert float(row["wcp"]) == json.loads(call(*given, "--json").stdout)[0]["scores"]["wcp"]
    assert call(*given, "--latex").stdout.startswith("% by castlist bench")
    assert "--csv and --latex exclude each other" in call(*given, "--csv", "--latex").stderr
    assert "add --latex" in call(*given, "--bold").stderr
    assert call("datasets", files / "data", "--csv").stdout.startswith("name,subset,")
    assert r"12 (48)" in call("datasets", files / "data", "--latex").stdout


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX is not installed")
def test_latex_takes_the_tables(found, tmp_path):
    (tmp_path / "scores.tex").write_text(latex(found, bold=True))
    document = r"\documentclass{article}\usepackage{booktabs}\begin{document}\input{scores}\end{document}"
    (tmp_path / "page.tex").write_text(document)
    words = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    result = subprocess.run(words, cwd=tmp_path, capture_output=True)
    assert result.returncode == 0, result.stdout.decode(errors="replace")[-2000:]
