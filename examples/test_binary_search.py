"""A test of the binary search that fails.

Run it by `pytest --spacetime=failed`: below the failure stands the command that shows the state in
which it failed. Which reading was looked for, and what does the list hold in its place?
"""

from binary_search import measurements, search


def test_each_reading_is_found() -> None:
    readings = measurements(count=10, step=0.1)
    for number in range(10):
        target = number / 10
        assert search(readings, target) == number
