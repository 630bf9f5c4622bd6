"""A film whose frames are shown for unequal times: the keys for a frame on and back go to each of them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.xdist_group("browser")

# Every frame of the first second, then one in five, then two that follow one another and a pause of 280 ms
SELECT = "if(lt(n,25),1,if(lt(n,75),not(mod(n,5)),lt(mod(n,8),2)))"


@pytest.fixture(scope="module")
def uneven(
    small_film: tuple[Path, Any], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[float]]:
    """(workspace, milliseconds at which each frame begins and the last one ends) of such a film."""
    from castlist.pipeline import find
    from castlist.pipeline.prepare import prepare
    from castlist.store import Workspace

    path = tmp_path_factory.mktemp("uneven") / "uneven.mp4"
    command = ["ffmpeg", "-v", "error", "-i", str(small_film[0]), "-vf", f"select='{SELECT}'"]
    subprocess.run([*command, "-fps_mode", "vfr", str(path)], check=True)
    find(path)
    clock = prepare(str(Workspace.beside(path)))[1].clock
    times = [1000 * float(clock.time(n)) for n in range(len(clock) + 1)]
    assert len(set(np.diff(times).round(1))) >= 3
    return Workspace.beside(path), times


def written(ms: float) -> str:
    whole = int(ms + 1e-6)
    return f"{whole // 60000}:{whole // 1000 % 60:02}.{whole % 1000:03}"


def test_frame_keys_go_to_every_frame_of_a_film_of_variable_rate(
    uneven: tuple[Path, list[float]], serve: Callable[[Path], Any], opened: Callable[..., Any]
) -> None:
    place, times = uneven
    page = opened(serve(place).url())
    film = "document.querySelector('#player video')"
    page.locator("#rows .strip button").first.evaluate(f"b => {{ b.click(); {film}.pause(); }}")
    page.wait_for_function(f"() => {film}.readyState >= 2")
    page.evaluate(f"() => {{ {film}.currentTime = 0.001; }}")

    def stands_at(frame: int) -> None:
        page.wait_for_function(
            f"t => !{film}.seeking && document.querySelector('#timecode').textContent === t",
            arg=written(times[frame]),
        )
        assert times[frame] <= 1000 * page.evaluate(f"{film}.currentTime") + 0.5 < times[frame + 1]

    stands_at(0)
    last = len(times) - 2
    for frame in range(1, last + 1):
        page.keyboard.press(".")
        stands_at(frame)
    page.keyboard.press(".")
    stands_at(last)
    for frame in reversed(range(last)):
        page.keyboard.press(",")
        stands_at(frame)
    page.evaluate(f"() => {{ {film}.currentTime = {(times[40] + times[41]) / 2000}; }}")
    stands_at(40)
    for key in "..,.,,,.....":  # faster than frames are shown
        page.keyboard.press(key)
    stands_at(44)
