"""castlist refine, as it is called."""

import sys

import numpy as np
import pytest

from castlist.cli import run
from castlist.refine import Refined
from castlist.research import features

RNG = np.random.default_rng(0)
TRACKS = np.repeat(np.arange(10, 16), 8)


@pytest.fixture
def given(tmp_path):
    vector = 4 * RNG.standard_normal((3, 10))[TRACKS % 3] + RNG.standard_normal((48, 10))
    np.savez(
        tmp_path / "given.npz",
        features=vector.astype(np.float32),
        track_id=TRACKS,
        frame=np.tile(np.arange(8), 6),
        label=np.array(["ann", "bob", "cid"] * 2),
    )
    return tmp_path / "given.npz"


@pytest.mark.parametrize("method", ["ssiam", "tsiam", "tsiam-no-singletons", "pseudo-rf"])
def test_features_are_written_refined_with_the_rest_kept(given, method, capsys):
    out, model = given.parent / "out.npz", given.parent / "net.safetensors"
    arguments = ["refine", str(given), "--method", method, "-o", str(out), "--model", str(model)]
    assert run([*arguments, "--set", "epochs=1", "--set", "hidden=7"]) == 0
    assert "6 tracks, 48 faces, 7 dimensions" in capsys.readouterr().out
    before, after = features.read(given), features.read(out)
    assert after.embeddings.vector.shape == (48, 7)
    assert (after.track_id == before.track_id).all()
    assert (after.frame == before.frame).all()
    assert (after.label == before.label).all()
    expected = Refined.load(model).transform(before.embeddings.vector)
    np.testing.assert_array_equal(after.embeddings.vector, expected)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (["--set", "epoch=1"], "epoch"),
        (["--set", "epochs=0"], "from 1 up"),
        (["-o", "out.txt"], ".npz, .mat or .npy"),
        (["--method", "magic"], "ssiam"),
    ],
)
def test_what_cannot_be_is_one_sentence(given, change, reason, capsys):
    status = run(["refine", str(given), "-q", "-o", str(given.parent / "out.npz"), *change])
    assert status != 0
    error = capsys.readouterr().err
    assert reason in error
    assert "Traceback" not in error


def test_a_file_without_vectors_is_refused(tmp_path, capsys):
    np.savez(tmp_path / "bare.npz", track_id=TRACKS, frame=np.arange(48))
    assert run(["refine", str(tmp_path / "bare.npz"), "-o", str(tmp_path / "out.npz")]) != 0
    assert "no features" in capsys.readouterr().err


def test_the_default_is_tsiam_where_there_are_tracks(given, tmp_path):
    options = ["--set", "epochs=1", "--set", "hidden=7", "-q"]
    named, default = tmp_path / "named.npz", tmp_path / "default.npz"
    assert run(["refine", str(given), "--method", "tsiam", "-o", str(named), *options]) == 0
    assert run(["refine", str(given), "-o", str(default), *options]) == 0
    assert (features.read(named).embeddings.vector == features.read(default).embeddings.vector).all()


def test_the_default_is_ssiam_for_a_collection_of_pictures(tmp_path):
    np.savez(tmp_path / "pictures.npz", features=RNG.standard_normal((30, 10)).astype(np.float32))
    options = ["--set", "epochs=1", "--set", "hidden=7", "-q"]
    assert run(["refine", str(tmp_path / "pictures.npz"), "-o", str(tmp_path / "a.npz"), *options]) == 0


@pytest.mark.parametrize("method", ["tsiam", "tsiam-cross", "tsiam-no-singletons", "tsiam-second-order"])
def test_a_collection_of_pictures_has_no_tracks_to_learn_from(method, tmp_path, capsys):
    np.savez(tmp_path / "pictures.npz", features=RNG.standard_normal((30, 10)).astype(np.float32))
    asked = ["refine", str(tmp_path / "pictures.npz"), "--method", method, "-o", str(tmp_path / "a.npz")]
    assert run(asked) == 2
    assert capsys.readouterr().err == (
        f"castlist: {method} learns from tracks, and pictures has none with two faces or more; "
        "use --method second-order or ssiam\n"
    )


def test_a_file_without_frames_is_told_about(given, tmp_path, capsys):
    table = dict(np.load(given))
    del table["frame"]
    np.savez(tmp_path / "untimed.npz", **table)
    options = ["--set", "epochs=1", "--set", "hidden=7", "-q", "-o", str(tmp_path / "o.npz")]
    assert run(["refine", str(tmp_path / "untimed.npz"), "--method", "tsiam", *options]) == 0
    assert "no frame numbers" in capsys.readouterr().err


def test_check_says_what_the_features_are_and_writes_nothing(given, capsys):
    before = sorted(given.parent.iterdir())
    assert run(["refine", str(given), "--check"]) == 0
    said = capsys.readouterr().out
    assert "raw: values of both signs" in said
    assert "Use --method tsiam" in said
    assert sorted(given.parent.iterdir()) == before


def test_a_closed_form_is_written_and_saved_like_a_network(given, capsys):
    out, model = given.parent / "out.npz", given.parent / "map.safetensors"
    asked = ["refine", str(given), "--method", "second-order", "-o", str(out), "--model", str(model)]
    assert run(asked) == 0
    assert "6 tracks, 48 faces, 10 dimensions" in capsys.readouterr().out
    expected = Refined.load(model).transform(features.read(given).embeddings.vector)
    np.testing.assert_array_equal(features.read(out).embeddings.vector, expected)


def test_networks_beside_the_closed_form(given, capsys):
    out = given.parent / "out.npz"
    asked = ["refine", str(given), "--method", "tsiam-second-order", "-o", str(out), "--set", "steps=2"]
    assert run([*asked, "--set", "networks=2"]) == 0
    assert features.read(out).embeddings.vector.shape == (48, 10 + 2 * 512)
    assert "Training tsiam-second-order" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (["--method", "second-order", "--recipe", "paper"], "leave --recipe out"),
        (["--method", "tsiam-second-order", "--model", "m"], "--model saves only one"),
        (["--method", "tsiam-second-order", "--set", "networks=0"], "from 1 up"),
    ],
)
def test_what_our_methods_do_not_have(given, change, reason, capsys):
    assert run(["refine", str(given), "-q", "-o", str(given.parent / "out.npz"), *change]) == 2
    assert reason in capsys.readouterr().err


def test_the_quality_of_a_file_counts(given, capsys):
    """Normalised features have no length to rank within, but the file gives the quality of each picture."""
    arrays = dict(np.load(given))
    arrays["features"] /= np.linalg.norm(arrays["features"], axis=1, keepdims=True)
    np.savez(given, **arrays)
    asked = ["refine", str(given), "--method", "ssiam-quality", "-o", str(given.parent / "out.npz"), "-q"]
    assert run([*asked, "--set", "epochs=1"]) == 2
    assert "length" in capsys.readouterr().err
    np.savez(given, **arrays, quality=np.linspace(0, 1, 48, dtype=np.float32))
    assert run([*asked, "--set", "epochs=1"]) == 0
    assert run(["refine", str(given), "--check"]) == 0
    assert "as given" in capsys.readouterr().out


def test_links_of_the_file_are_learned_from(tmp_path, capsys):
    """Must-links change what TSiam learns; cannot-links of the file spare the warning of missing frames."""
    rng = np.random.default_rng(0)
    track = np.repeat(np.arange(8), 5)
    x = (rng.normal(size=(4, 16))[track % 4] + 0.5 * rng.normal(size=(40, 16))).astype(np.float32)
    made = {}
    for name, links in (("plain", {}), ("linked", {"must_link": [[0, 4], [1, 5]], "cannot_link": [[0, 1]]})):
        given, out = tmp_path / f"{name}.npz", tmp_path / f"{name}.out.npz"
        np.savez(given, features=x, track_id=track, **links)
        assert run(["refine", str(given), "--set", "epochs=1", "-q", "-o", str(out)]) == 0
        assert ("no frame numbers" in capsys.readouterr().err) == (name == "plain")
        made[name] = features.read(out).embeddings.vector
    assert not np.allclose(made["plain"], made["linked"])


def test_the_network_is_written_into_a_folder_that_is_made(given):
    out, model = given.parent / "out.npz", given.parent / "new" / "folder" / "net.safetensors"
    asked = ["refine", str(given), "-q", "-o", str(out), "--model", str(model), "--set", "hidden=7"]
    assert run([*asked, "--method", "tsiam", "--set", "epochs=1"]) == 0
    assert Refined.load(model).transform(features.read(given).embeddings.vector).shape == (48, 7)


@pytest.mark.parametrize("option", ["-o", "--model"])
def test_outputs_that_cannot_be_written_are_refused_before_the_training(option, given, capsys, monkeypatch):
    monkeypatch.setattr("castlist.refine.siamese.train", None)
    named = {"-o": str(given.parent / "out.npz"), "--model": str(given.parent / "net.safetensors")}
    named[option] = str(given / "folder" / named[option].rpartition("/")[2])
    assert run(["refine", str(given), "-q", *(word for pair in named.items() for word in pair)]) == 2
    assert "given.npz is a file, not a folder" in capsys.readouterr().err


@pytest.mark.parametrize("taken", ["net.safetensors", "net.safetensors.json"])
def test_each_of_the_two_files_of_a_network_is_looked_at_before(taken, given, capsys, monkeypatch):
    monkeypatch.setattr("castlist.refine.siamese.train", None)
    (given.parent / taken).write_bytes(b"SQLite format 3\0")
    asked = ["refine", str(given), "-q", "-o", str(given.parent / "out.npz")]
    assert run([*asked, "--model", str(given.parent / "net.safetensors")]) == 2
    assert f"{taken} is a database" in capsys.readouterr().err


def test_a_network_that_could_not_be_saved_is_not_trained(given, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    monkeypatch.setattr("castlist.refine.siamese.train", None)
    asked = ["refine", str(given), "-q", "-o", str(given.parent / "out.npz")]
    assert run([*asked, "--model", str(given.parent / "net.safetensors")]) == 2
    assert "pip install" in capsys.readouterr().err


def test_a_mat_keeps_links_boxes_and_quality_and_says_what_it_leaves_out(given, capsys):
    arrays = dict(np.load(given))
    more = {
        "box": np.tile([1.0, 2, 30, 40], (48, 1)), "quality": np.linspace(0, 1, 48), "name": "holiday",
        "must_link": [[10, 13]], "cannot_link": [[11, 12]], "view_clothes": np.ones((48, 2)),
    }  # fmt: skip
    del arrays["frame"]
    np.savez(given, **arrays, **more)
    out = given.parent / "out.mat"
    asked = ["refine", str(given), "-q", "-o", str(out), "--set", "epochs=1", "--method", "tsiam"]
    assert run(asked) == 0
    assert capsys.readouterr().err == (
        "out.mat has no place for the view clothes, nor for the name holiday; an .npz keeps everything\n"
    )
    before, after = features.read(given), features.read(out)
    assert np.array_equal(after.box, before.box)
    assert np.array_equal(after.embeddings.quality, before.embeddings.quality)
    assert after.links.must.tolist() == before.links.must.tolist()
    assert after.links.cannot.tolist() == before.links.cannot.tolist()


def test_without_a_method_the_paper_is_followed_and_other_advice_is_told(given, tmp_path, capsys):
    np.savez(tmp_path / "pictures.npz", features=RNG.standard_normal((30, 10)).astype(np.float32))
    options = ["--set", "epochs=1", "--set", "hidden=7", "-q", "-o", str(tmp_path / "a.npz")]
    assert run(["refine", str(tmp_path / "pictures.npz"), *options]) == 0
    assert capsys.readouterr().err == (
        "ssiam is used, the paper's method; for pictures --check advises second-order: "
        "--method second-order, or --method auto\n"
    )
    assert run(["refine", str(tmp_path / "pictures.npz"), "--method", "ssiam", *options]) == 0
    assert capsys.readouterr().err == ""


def test_auto_takes_what_the_check_advises(tmp_path, capsys):
    np.savez(tmp_path / "pictures.npz", features=RNG.standard_normal((30, 10)).astype(np.float32))
    made = {}
    for method in ("auto", "second-order"):
        out = tmp_path / f"{method}.npz"
        assert run(["refine", str(tmp_path / "pictures.npz"), "--method", method, "-o", str(out), "-q"]) == 0
        made[method] = features.read(out).embeddings.vector
    assert "--check advises second-order for pictures: it is used" in capsys.readouterr().err
    np.testing.assert_array_equal(made["auto"], made["second-order"])


def test_features_that_cannot_be_checked_are_refused_with_the_reason(tmp_path, capsys):
    np.savez(tmp_path / "few.npz", features=np.zeros((1, 4), np.float32))
    for method in ([], ["--method", "auto"]):
        assert run(["refine", str(tmp_path / "few.npz"), *method, "-o", str(tmp_path / "a.npz")]) == 2
        assert "Traceback" not in capsys.readouterr().err


@pytest.fixture
def network(given, capsys):
    model, out = given.parent / "net.safetensors", given.parent / "trained.npz"
    options = ["--method", "ssiam", "--set", "epochs=1", "--set", "hidden=7", "-q", "--model", str(model)]
    assert run(["refine", str(given), "-o", str(out), *options]) == 0
    capsys.readouterr()
    return model


def test_a_saved_network_refines_other_features(given, network, capsys):
    vector = RNG.standard_normal((5, 10)).astype(np.float32)
    np.savez(given.parent / "other.npz", features=vector, track_id=[3, 3, 4, 4, 4])
    out = given.parent / "other-refined.npz"
    assert run(["refine", str(given.parent / "other.npz"), "--apply", str(network), "-o", str(out)]) == 0
    assert "2 tracks, 5 faces, 7 dimensions" in capsys.readouterr().out
    np.testing.assert_array_equal(
        features.read(out).embeddings.vector, Refined.load(network).transform(vector)
    )


@pytest.mark.parametrize(
    "option",
    [["--method", "ssiam"], ["--set", "epochs=1"], ["--seed", "0"], ["--recipe", "paper"], ["--model", "n"]],
)
def test_a_saved_network_is_not_trained_again(option, given, network, capsys):
    out = given.parent / "again.npz"
    assert run(["refine", str(given), "--apply", str(network), "-o", str(out), *option]) == 2
    assert f"--apply trains nothing, and {option[0]} says how to train" in capsys.readouterr().err
    assert not out.exists()


def test_a_network_of_other_features_is_refused(given, network, capsys):
    np.savez(given.parent / "wide.npz", features=RNG.standard_normal((5, 12)).astype(np.float32))
    out = given.parent / "wide-refined.npz"
    assert run(["refine", str(given.parent / "wide.npz"), "--apply", str(network), "-o", str(out)]) == 2
    assert "takes features of 10 dimensions" in capsys.readouterr().err
    assert not out.exists()


def test_a_bare_npy_with_its_tracks_in_another_file(given, tmp_path, capsys):
    """Gives the same as the `.npz` of the same faces."""
    with np.load(given) as arrays:
        np.save(tmp_path / "vectors.npy", arrays["features"])
        np.save(tmp_path / "tracks.npy", arrays["track_id"])
        np.save(tmp_path / "frames.npy", arrays["frame"])
    options = ["--set", "epochs=1", "--set", "hidden=7", "-q"]
    beside = ["--tracks", str(tmp_path / "tracks.npy"), "--frames", str(tmp_path / "frames.npy")]
    assert run(["refine", str(given), "-o", str(tmp_path / "out.npz"), *options]) == 0
    assert (
        run(["refine", str(tmp_path / "vectors.npy"), *beside, "-o", str(tmp_path / "out.npy"), *options])
        == 0
    )
    assert "out.npy has no place for the tracks, nor for the frames" in capsys.readouterr().err
    expected = features.read(tmp_path / "out.npz").embeddings.vector
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), expected)
    wrong = ["refine", str(tmp_path / "vectors.npy"), *beside, "-o", str(tmp_path / "tracks.npy")]
    assert run(wrong) == 2
    assert "tracks.npy is read by this command" in capsys.readouterr().err


def test_a_file_that_is_read_beside_the_features_is_not_written_over(tmp_path, capsys):
    """`NAME.tracks.npy` beside a bare .npy, a track of a BCL release: named by nobody, but read."""
    rng = np.random.default_rng(0)
    np.save(tmp_path / "film.npy", rng.standard_normal((6, 4)))
    for name in ("tracks", "frames", "labels"):
        np.save(tmp_path / f"film.{name}.npy", np.arange(6) // 2)
    for folder in ("ids", "features/film"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "ids" / "film.ids").write_text("CVHCI_TRACKLABELS_V1\n1 ann\n2 bob\n")
    for track in (1, 2):
        np.save(tmp_path / f"features/film/{track}.npy", rng.standard_normal((3, 4)))
    beside = [tmp_path / f"film.{name}.npy" for name in ("tracks", "frames", "labels")]
    cases = [(tmp_path / "film.npy", out) for out in beside]
    cases.append((tmp_path / "ids" / "film.ids", tmp_path / "features" / "film" / "2.npy"))
    for given, out in cases:
        before = out.read_bytes()
        assert run(["refine", str(given), "--method", "second-order", "-o", str(out), "-q"]) == 2
        assert f"{out.name} is read by this command; name another file" in capsys.readouterr().err
        assert out.read_bytes() == before
    np.save(tmp_path / "other.npy", rng.standard_normal((6, 4)))  # beside which there is nothing
    wrong = ["refine", str(tmp_path / "other.npy"), "--method", "second-order", "-o", str(beside[0]), "-q"]
    assert run(wrong) == 0
