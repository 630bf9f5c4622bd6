"""Other descriptors of the same faces: `view_NAME` arrays of an .npz."""

import numpy as np
import pytest

from castlist.errors import InputError
from castlist.research.features import gather, read, write


def columns(**changes):
    given = {"features": np.eye(4, 3, dtype=np.float32), "track_id": np.array([7, 7, 5, 5])}
    return given | changes


def saved(path, **changes):
    np.savez_compressed(path / "film.npz", **columns(**changes))
    return path / "film.npz"


def test_views_are_read_by_name_in_order(tmp_path):
    colour, body = np.arange(8, dtype=np.float16).reshape(4, 2), np.arange(4).reshape(4, 1)
    found = read(saved(tmp_path, view_colour=colour, view_body=body))
    assert found.view_names == ("body", "colour")
    assert [v.tolist() for v in found.views] == [body.tolist(), colour.tolist()]
    assert all(v.dtype == np.float32 for v in found.views)
    assert read(saved(tmp_path)).views == ()


def test_views_follow_the_tracks_that_are_kept_and_are_written(tmp_path):
    found = read(saved(tmp_path, view_body=np.arange(4.0)[:, None])).select([1])
    assert found.views[0].tolist() == [[2], [3]]
    write(found, tmp_path / "part.npz")
    again = read(tmp_path / "part.npz")
    assert again.view_names == ("body",)
    assert again.views[0].tolist() == [[2], [3]]


@pytest.mark.parametrize(
    ("view", "message"),
    [
        (
            np.zeros((3, 2)),
            r"film.npz: view `body` must be numbers of shape \(faces, dimensions\), got \(3, 2\)",
        ),
        (np.zeros(4), "view `body` must be numbers"),
        (np.array([["a"]] * 4), "view `body` must be numbers"),
        (np.full((4, 1), np.nan), "view `body` holds NaN or infinite values"),
        (np.full((4, 1), 1e300), "view `body` holds NaN or infinite values"),
        (np.array([[{}]] * 4, object), "`view_body` holds Python objects"),
    ],
)
def test_views_that_do_not_fit(tmp_path, view, message):
    with pytest.raises(InputError, match=message):
        read(saved(tmp_path, view_body=view))


def test_names_and_views_go_together():
    given = gather("film", np.eye(2), [0, 1], track_id=[0, 1], views={"body": np.eye(2)})
    with pytest.raises(InputError, match="1 views and 0 names"):
        type(given)(
            *(
                getattr(given, f)
                for f in ("embeddings", "track_id", "first", "last", "size", "label", "frame")
            ),
            None,
            "film",
            given.views,
        )
