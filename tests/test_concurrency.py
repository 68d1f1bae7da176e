"""Threads and tasks: every call has its own value and its nearest monitored ancestor."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest
import spacetimepy
from conftest import Run

N_CALLS = 10_000
N_TASKS = 1000

PROGRAM = textwrap.dedent(
    f"""\
    import asyncio, threading

    def leaf(n, i):
        return n * 100_000 + i

    def worker(n):
        for i in range({N_CALLS}):
            leaf(n, i)

    async def inner(k):
        await asyncio.sleep(0)
        doubled = k * 2
        await asyncio.sleep(0)
        return doubled

    async def task(k):
        return await inner(k) + 1

    async def tasks():
        return sum(await asyncio.gather(*(task(k) for k in range({N_TASKS}))))

    threads = [threading.Thread(target=worker, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(asyncio.run(tasks()))
    """
)


@pytest.fixture(scope="module")
def trace(run: Run, spacetime: Run, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("concurrency")
    (folder / "busy.py").write_text(PROGRAM)
    done = spacetime("run", "-o", "busy.spacetime", "busy.py", cwd=folder)
    assert (done.returncode, done.stdout) == (0, f"{N_TASKS * N_TASKS}\n"), done.stderr
    return spacetimepy.open(str(Path(folder) / "busy.spacetime"))


def test_calls_of_threads_do_not_mix(trace: Any) -> None:
    """Also where a thread takes the place in memory of one that ended."""
    workers = {call.id: call for call in trace.calls("worker")}
    assert len({worker.thread for worker in workers.values()}) == 4
    n_of_worker = {id: worker.arguments["n"] for id, worker in workers.items()}
    seen: dict[int, list[int]] = {n: [] for n in range(4)}
    for call in trace.calls("leaf"):
        arguments, parent = call.arguments, call.parent
        assert call.value == arguments["n"] * 100_000 + arguments["i"]
        assert n_of_worker[parent.id] == arguments["n"]
        assert call.thread == workers[parent.id].thread
        seen[arguments["n"]].append(arguments["i"])
    assert seen == {n: list(range(N_CALLS)) for n in range(4)}


def test_calls_of_tasks_do_not_mix(trace: Any) -> None:
    """A coroutine is one call, however often it waits; what awaits it is its ancestor."""
    inner = trace.calls("inner")
    assert sorted(call.arguments["k"] for call in inner) == list(range(N_TASKS))
    for call in inner:
        assert call.value == 2 * call.arguments["k"]
        assert call.parent.name == "task"
        assert call.parent.arguments["k"] == call.arguments["k"]
        assert call.parent.value == call.value + 1
        assert call.parent.task == call.task
    assert len({call.task for call in inner}) == N_TASKS


def test_each_call_says_in_which_task_it_started(run: Run, spacetime: Run, tmp_path: Path) -> None:
    """Also with a loop in each of several threads, and beside threads without one."""
    program = """\
        import asyncio, threading

        def leaf(expected):
            pass

        async def part(expected):
            leaf(expected)
            await asyncio.sleep(0)
            leaf(expected)
            await asyncio.to_thread(leaf, None)

        async def main(name):
            tasks = [asyncio.create_task(part(f"{name}-{i}"), name=f"{name}-{i}") for i in range(5)]
            await asyncio.gather(*tasks)
            asyncio.current_task().set_name("renamed")
            leaf("renamed")

        def loop(name):
            leaf(None)
            asyncio.run(main(name))
            leaf(None)

        threads = [threading.Thread(target=loop, args=(name,)) for name in "abc"]
        for thread in threads:
            thread.start()
        leaf(None)
        for thread in threads:
            thread.join()
        """
    (tmp_path / "tasks.py").write_text(textwrap.dedent(program))
    done = spacetime("run", "--function=leaf", "-o", "tasks.spacetime", "tasks.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    calls = spacetimepy.open(str(tmp_path / "tasks.spacetime")).calls("leaf")
    assert len(calls) == 3 * (5 * 3 + 3) + 1
    assert [call.task for call in calls] == [call.arguments["expected"] for call in calls]
