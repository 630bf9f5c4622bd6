"""A refinement saved and loaded again, and files that are not one."""

import hashlib
import json

import numpy as np
import pytest

from castlist.errors import InputError, ModelError
from castlist.refine import Refined, SSiam

X = np.random.default_rng(0).standard_normal((40, 6)).astype(np.float32)


@pytest.fixture(scope="module", params=["raw", "l2", "l2-sqrt-d", "standard"])
def refined(request):
    return SSiam(scaling=request.param, epochs=1, hidden=9).fit(X)


def test_saved_and_loaded_transforms_alike(refined, tmp_path):
    refined.save(tmp_path / "model.safetensors")
    again = Refined.load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.transform(X), refined.transform(X))
    assert again.about == json.loads(json.dumps(refined.about))
    assert again.about["method"] == "SSiam"


def test_transform_takes_other_rows_and_none(refined):
    assert refined.transform(X[:3]).shape == (3, 9)
    assert refined.transform(X[:0]).shape == (0, 9)
    np.testing.assert_allclose(refined.transform(X)[5:7], refined.transform(X[5:7]), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("x", [X[:, :5], X[0], np.full((2, 6), np.nan)])
def test_transform_refuses_what_does_not_fit(refined, x):
    with pytest.raises(InputError):
        refined.transform(x)


def spoil(path, how):
    beside = path.with_name(path.name + ".json")
    about = json.loads(beside.read_text())
    if how == "cut":
        path.write_bytes(path.read_bytes()[:-9])
    elif how == "changed":
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(bytes(content))
    elif how == "no json":
        beside.write_text("{")
    elif how == "missing json":
        beside.unlink()
    elif how == "missing":
        path.unlink()
    else:
        beside.write_text(json.dumps(about | how))


@pytest.mark.parametrize(
    "how",
    [
        "cut",
        "changed",
        "no json",
        "missing json",
        "missing",
        {"format": "other"},
        {"input": 7},
        {"feature": 8},
        {"scaling": "max"},
    ],
    ids=str,
)
def test_spoilt_files_are_refused_in_one_sentence(how, tmp_path):
    path = tmp_path / "model.safetensors"
    SSiam(epochs=1, hidden=9).fit(X).save(path)
    spoil(path, how)
    with pytest.raises(ModelError) as error:
        Refined.load(path)
    assert "\n" not in str(error.value)


def _described(path, content: bytes) -> None:
    """A model's file whose description is right, so that only its content can be wrong."""
    about = json.loads(path.with_name(path.name + ".json").read_text())
    path.write_bytes(content)
    about["sha256"] = hashlib.sha256(content).hexdigest()
    path.with_name(path.name + ".json").write_text(json.dumps(about))


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content[: len(content) // 2],
        lambda content: b"\xff" * 64,
        lambda content: b"",
        lambda content: content[:8] + content[8:].replace(b'"F32"', b'"B16"', 1),
        lambda content: content[:8] + content[8:].replace(b"[7]", b"[]", 1).replace(b"}}", b"}}  ", 1),
        lambda content: content[:-4] + np.float32(np.nan).tobytes(),
        lambda content: content[:-4] + np.float32(np.inf).tobytes(),
    ],
)
def test_a_model_whose_description_is_right_is_checked_all_the_same(change, tmp_path):
    path = tmp_path / "net.safetensors"
    SSiam(epochs=1, hidden=7).fit(X).save(path)
    _described(path, change(path.read_bytes()))
    with pytest.raises(ModelError) as error:
        Refined.load(path)
    assert "net.safetensors" in str(error.value)
