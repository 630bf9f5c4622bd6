"""Which device is chosen, and that torch is imported only where it is used."""

import subprocess
import sys

import pytest

from castlist.errors import InputError, MissingExtra
from castlist.refine import device
from castlist.types import Machine


def test_cpu_is_numpy():
    assert device.choose(Machine(device="cpu")) == "cpu"
    assert device.placer("cpu")([1.0]).sum() == 1


def test_auto_without_torch_is_the_cpu_and_a_gpu_by_name_says_what_to_install(monkeypatch):
    monkeypatch.setattr(device, "find_spec", lambda name: None)
    assert device.choose(Machine(device="auto")) == "cpu"
    with pytest.raises(MissingExtra, match="pip install 'torch"):
        device.choose(Machine(device="cuda"))


def test_a_gpu_that_is_not_there_is_refused():
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is one")
    with pytest.raises(InputError, match="sees no 'cuda'"):
        device.choose(Machine(device="cuda"))


def test_auto_takes_a_gpu_that_torch_sees(monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(device, "_perhaps_gpu", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device.choose(Machine()) == "cuda"


def test_refining_on_the_cpu_imports_no_torch():
    code = (
        "import sys, numpy as np; from castlist.refine import SSiam; from castlist.types import Machine;"
        "SSiam(epochs=1, hidden=4).fit(np.random.default_rng(0).standard_normal((20, 3)),"
        " machine=Machine(device='cpu')); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
