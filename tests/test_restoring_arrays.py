"""Arrays and frames made again: what numpy and pandas say is equal, and what shares memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import spacetimepy
from spacetimepy.restoring import restore_state


@spacetimepy.function
def hold(**held: object) -> None:
    return None


def restored(folder: Path, held: dict[str, Any]) -> dict[str, Any]:
    """What comes back of some variables."""
    path = folder / "run.spacetime"
    with spacetimepy.init_monitoring(path):
        hold(**held)
    with spacetimepy.open(path, trust=True) as trace:
        found = restore_state(trace.call(1).states[0])
    assert found.refused == {}
    return dict(found.locals["held"])


def test_arrays_of_numpy(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    whole = numpy.arange(12.0).reshape(3, 4)
    held = {
        "whole": whole,
        "rows": whole[1:],
        "turned": whole.T,
        "by_column": numpy.asfortranarray(whole),
        "fields": numpy.array([("x", 1)], dtype=[("n", "U3"), ("k", "i4")]),
        "objects": numpy.array([{"a": 1}, None], dtype=object),
        "scalars": numpy.array(3),
    }
    found = restored(tmp_path, held)
    for name, array in held.items():
        assert type(found[name]) is type(array)
        assert (found[name].dtype, found[name].strides) == (array.dtype, array.strides)
        assert numpy.array_equal(found[name], array)
    found["whole"][1, 2] = -1
    assert found["rows"][0, 2] == found["turned"][2, 1] == -1
    assert found["by_column"][1, 2] == 6


def test_scalars_of_numpy(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    held = {
        "float": numpy.float64(1.5),
        "int": numpy.int32(3),
        "bool": numpy.bool_(True),
        "date": numpy.datetime64("2020-01-01"),
        "type": numpy.dtype("f4"),
    }
    found = restored(tmp_path, held)
    assert found == held
    assert [type(value) for value in found.values()] == [type(value) for value in held.values()]


def test_frames_of_pandas(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    held = {
        "frame": pandas.DataFrame({"x": [1, 2], "y": ["a", None], "z": [1.5, 2.5]}),
        "series": pandas.Series([1, 2], index=["a", "b"]),
        "categories": pandas.Categorical(["a", "b", "a"]),
        "index": pandas.RangeIndex(3),
    }
    found = restored(tmp_path, held)
    for name, value in held.items():
        assert type(found[name]) is type(value)
        assert found[name].equals(value)


def test_times_of_pandas(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    times = {
        "time": pandas.Timestamp("2020-01-01 10:00", tz="UTC"),
        "duration": pandas.Timedelta(3, "s"),
    }
    assert restored(tmp_path, times) == times
