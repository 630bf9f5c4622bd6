"""The slides' tables as experiments, on the authors' features or on one's own.

castlist bench datasets DIR       the dataset table
castlist bench run --data DIR     the tables of scores, ours and the published numbers
castlist bench figures --data F   distributions, sweeps and maps
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from castlist import _former
from castlist.research.bench.csv_table import csv_text
from castlist.research.bench.datasets import DatasetFacts, dataset_table, facts, feature_files
from castlist.research.bench.latex import latex
from castlist.research.bench.published import PUBLISHED, Published
from castlist.research.bench.results import Key, Result, Store, cells
from castlist.research.bench.run import Bench, Dataset
from castlist.research.bench.subsets import SUBSETS, Subset
from castlist.research.bench.table import markdown, tables

__all__ = [
    "PUBLISHED",
    "SUBSETS",
    "Bench",
    "Dataset",
    "DatasetFacts",
    "Key",
    "Published",
    "Result",
    "Store",
    "Subset",
    "cells",
    "csv_text",
    "dataset_table",
    "facts",
    "feature_files",
    "latex",
    "markdown",
    "tables",
]

if not TYPE_CHECKING:
    __getattr__ = _former.names(__name__, Facts="DatasetFacts")
