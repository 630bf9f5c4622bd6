"""What the tests of the bench share."""

import pytest
from bench_made import video

from castlist.research.features import write


@pytest.fixture
def files(tmp_path):
    (tmp_path / "data").mkdir()
    write(video(), tmp_path / "data" / "bbt_s01e01.npz")
    return tmp_path
