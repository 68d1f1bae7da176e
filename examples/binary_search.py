"""Binary search in a list of measurements, with a target that is there and is not found.

Look at the states of the call that searches for 0.3: the list prints as if it held 0.3, and the
state where `middle` is 3 shows what it holds.
"""


def search(items: list[float], target: float) -> int | None:
    """The index of the target in a sorted list, or None."""
    low = 0
    high = len(items)
    while low < high:
        middle = (low + high) // 2
        candidate = items[middle]
        if candidate == target:
            return middle
        if candidate < target:
            low = middle + 1
        else:
            high = middle
    return None


def measurements(count: int, step: float) -> list[float]:
    """Evenly spaced readings, each the one before it plus a step."""
    readings = []
    reading = 0.0
    for _ in range(count):
        readings.append(reading)
        reading += step
    return readings


def main() -> None:
    """Look for a few readings and say where they are."""
    readings = measurements(count=10, step=0.1)
    print("readings:", " ".join([f"{reading:.1f}" for reading in readings]))
    for target in (0.2, 0.5, 0.3):
        index = search(readings, target)
        place = "not found" if index is None else f"at index {index}"
        print(f"{target}: {place}")


main()
