"""Runs test programs one after another in this process: plain, under the oracle, or recorded.

    python run_programs.py oracle  OUT.pickle line|function PROGRAM...
    python run_programs.py record  OUT.spacetime line|function PROGRAM...

Each program runs as `__main__` in a fresh module, so that every way of running it sees the same
names. Recorded programs become one session each, named after the file.
"""

from __future__ import annotations

import contextlib
import io
import pickle
import sys
import types
from collections.abc import Callable
from pathlib import Path

from oracle import CallForm, Oracle


def load(path: str) -> Callable[[], None]:
    """A function that runs the program once; how the program ends is printed as its last line."""
    code = compile(Path(path).read_text(), path, "exec", dont_inherit=True)

    def execute() -> None:
        module = types.ModuleType("__main__")
        module.__file__ = path
        previous, sys.modules["__main__"], sys.argv = sys.modules["__main__"], module, [path]
        try:
            exec(code, module.__dict__)
        except BaseException as error:
            print(f"ended by {type(error).__name__}")
        finally:
            sys.modules["__main__"] = previous

    return execute


def run_oracle(output: str, granularity: str, programs: list[str]) -> None:
    """Writes `{program name: (stdout, calls)}`."""
    results: dict[str, tuple[str, list[CallForm]]] = {}
    for path in programs:
        oracle = Oracle(path, granularity)
        with contextlib.redirect_stdout(io.StringIO()) as out:
            oracle.run(load(path))
        results[Path(path).stem] = out.getvalue(), oracle.calls
    Path(output).write_bytes(pickle.dumps(results))


def run_recorded(output: str, granularity: str, programs: list[str]) -> None:
    """Records every program into one trace and writes what they printed beside it."""
    import spacetimepy

    printed: dict[str, str] = {}
    for path in programs:
        execute = load(path)
        with contextlib.redirect_stdout(io.StringIO()) as out:
            with spacetimepy.record(output, name=Path(path).stem, **{granularity: (path,)}):
                execute()
        printed[Path(path).stem] = out.getvalue()
    Path(output + ".printed").write_bytes(pickle.dumps(printed))


if __name__ == "__main__":
    mode, output, granularity, *programs = sys.argv[1:]
    {"oracle": run_oracle, "record": run_recorded}[mode](output, granularity, programs)
