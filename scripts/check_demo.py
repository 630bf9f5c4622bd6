"""Check the cast that castlist demo found against the ground truth of the drawn film.

python scripts/check_demo.py FOLDER     the folder in which castlist demo ran
"""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path


def rows(path: Path) -> dict[int, list[tuple[tuple[float, ...], str]]]:
    """Faces by frame: box (x, y, w, h) and the person or label."""
    faces = defaultdict(list)
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            box = tuple(float(row[k]) for k in "xywh")
            faces[int(row["frame"])].append((box, row.get("label", row.get("person", ""))))
    return faces


def overlap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    common = max(w, 0) * max(h, 0)
    return common / (a[2] * a[3] + b[2] * b[3] - common)


def main(folder: Path) -> None:
    found_path = folder / "castlist-demo.csv"
    workspace = folder / "castlist-demo.castlist"
    export = ["castlist", "export", str(workspace), "--format", "csv", "-o", str(found_path)]
    subprocess.run(export, check=True)  # noqa: S603
    truth, found = rows(folder / "castlist-demo.truth.csv"), rows(found_path)
    cells: Counter[tuple[str, str]] = Counter()
    total: Counter[str] = Counter()
    for frame, faces in truth.items():
        for box, label in faces:
            if not label.startswith("P"):
                continue
            total[label] += 1
            best = max(((overlap(box, b), person) for b, person in found[frame]), default=(0.0, ""))
            if best[0] >= 0.4 and best[1]:
                cells[label, best[1]] += 1
    main_cast = [label for label in total if total[label] >= 0.05 * total.total()]
    partner = {label: max((cells[k], k[1]) for k in cells if k[0] == label) for label in main_cast}
    for label in main_cast:
        print(f"{label}: {total[label]} faces, {partner[label][0]} of them found as {partner[label][1]}")
    recall = cells.total() / total.total()
    right = sum(n for n, _ in partner.values()) / sum(total[label] for label in main_cast)
    print(f"faces found: {recall:.3f}, of the main cast found as one person each: {right:.3f}")
    problems = [
        *(["less than 90 % of the faces were found"] if recall < 0.9 else []),
        *(["less than 90 % of the main cast's faces are with their person"] if right < 0.9 else []),
        *(
            ["two people were taken for one"]
            if len({p for _, p in partner.values()}) < len(main_cast)
            else []
        ),
        *(["there is no report"] if not (workspace / "report.html").is_file() else []),
    ]
    if problems:
        raise SystemExit("; ".join(problems))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
