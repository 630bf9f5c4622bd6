"""Which device is chosen, and that torch is imported only where it is used."""

import subprocess
import sys

import numpy as np
import pytest

import castlist
from castlist.errors import InputError, MissingExtra
from castlist.refine import Averaged, device
from castlist.types import Constraints, Embeddings, Machine


def test_cpu_is_numpy():
    assert device.choose_device(Machine(device="cpu")) == "cpu"
    assert device.placer("cpu")([1.0]).sum() == 1


def test_auto_without_torch_is_the_cpu_and_a_gpu_by_name_says_what_to_install(monkeypatch):
    monkeypatch.setattr(device, "find_spec", lambda name: None)
    assert device.choose_device(Machine(device="auto")) == "cpu"
    with pytest.raises(MissingExtra, match="pip install 'torch"):
        device.choose_device(Machine(device="cuda"))


def test_a_gpu_that_is_not_there_is_refused():
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is one")
    with pytest.raises(InputError, match="sees no 'cuda'"):
        device.choose_device(Machine(device="cuda"))


def test_auto_takes_a_gpu_that_torch_sees(monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(device, "_perhaps_gpu", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device.choose_device(Machine()) == "cuda"


def test_refining_on_the_cpu_imports_no_torch():
    code = (
        "import sys, numpy as np; from castlist.refine import SSiam; from castlist.types import Machine;"
        "SSiam(epochs=1, hidden=4).fit(np.random.default_rng(0).standard_normal((20, 3)),"
        " machine=Machine(device='cpu')); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_film_is_never_left_unrefined_in_silence_because_the_gpu_is_not_there():
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is one")
    rows = np.random.default_rng(0).standard_normal((12, 4)).astype(np.float32)
    none = Constraints(*np.empty((2, 0), np.int64), np.empty(0, bool), np.empty(0, np.int8))
    faces = Embeddings(rows, np.arange(12) // 3, np.full(12, -1), np.ones(12))
    with pytest.raises(InputError, match="sees no 'cuda'"):
        Averaged()(faces, none, machine=Machine(device="cuda"))


def test_find_says_that_the_device_is_not_there_before_it_begins(tmp_path, small_film):
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is one")
    with pytest.raises(InputError, match="sees no 'cuda'"):
        castlist.find(small_film[0], workspace=tmp_path / "w.castlist", machine=Machine(device="cuda"))
    assert not (tmp_path / "w.castlist").exists()
