"""Whatever an adapter does the program goes on as it would without a recorder.

The fixture `recorded` compares what each program puts out with and without recording.
"""

from __future__ import annotations

from typing import Any

import pytest
from handles import GRANULARITIES, Recorded, shown

CALLING = """
@spacetimepy.function
def helper():
    return 1

@spacetimepy.line
def numbers():
    yield 1
    yield 2

@spacetimepy.line
def work(handle):
    handle.set(2)
    return handle.state()

def capture(handle):
    return [handle.state(), helper(), *numbers(), sum(x for x in [1, 2])]

main(lambda: print(work(Handle(1))), capture=capture)
"""


def test_what_an_adapter_calls_is_not_recorded(recorded: Recorded) -> None:
    (call,) = recorded(CALLING)
    assert shown(call) == [[1, 1, 1, 2, 3], [2, 1, 1, 2, 3]]


THREADS = """
@spacetimepy.line
def elsewhere(n):
    total = 0
    for i in range(n):
        total += i
    return total

@spacetimepy.line
def work(handle, n):
    for i in range(n):
        handle.set([i])
    return handle.state()

def capture(handle):
    thread = threading.Thread(target=elsewhere, args=(3,))
    thread.start()
    thread.join()
    time.sleep(0.001)
    return handle.state()

def start():
    shared = Handle([-1])
    threads = [threading.Thread(target=work, args=(Handle([-1]), 5)) for _ in range(3)]
    threads += [threading.Thread(target=elsewhere, args=(200,))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("done")

main(start, capture=capture)
"""


def test_other_threads_are_recorded_while_an_adapter_runs(recorded: Recorded) -> None:
    calls = recorded(THREADS)
    work = [call for call in calls if call.name == "work"]
    assert len(work) == 3
    for call in work:
        assert [
            (state.locals.get("i"), state.locals["handle"].payload)
            for state in call.states
        ] == [
            (None, [-1]),
            *((i, [i - 1 + at]) for i in range(5) for at in (0, 1)),
            (4, [4]),
        ]  # fmt: skip
        assert call.value == [4]
    elsewhere = [call for call in calls if call.name == "elsewhere"]
    assert {call.value for call in elsewhere} == {3, sum(range(200))}
    assert all(call.outcome == "RETURNED" for call in calls)


LIVES = """
@spacetimepy.GRANULARITY
def work(handle):
    first = sys.getrefcount(handle)
    other = [handle, handle]
    print(first, sys.getrefcount(handle))
    weakref.finalize(handle, print, "gone")
    del handle
    print("held")
    other.clear()
    print("let go")
    handle = Handle((1, [2]))
    print(sys.getrefcount(handle), sys.getrefcount(handle.state()))
    return Handle(3)

def start():
    work(Handle({"a": 1}))
    print("end", len(_states))

main(start, capture=Handle.state)
"""


@GRANULARITIES
def test_objects_live_as_long_as_without_a_recorder(recorded: Recorded, granularity: str) -> None:
    (call,) = recorded(LIVES, GRANULARITY=granularity)
    assert call.value.payload == 3


GENERATOR = """
@spacetimepy.GRANULARITY
def produce(handle):
    for state in (2, 3):
        handle.set([state])
        yield handle

def start():
    for handle in produce(Handle(1)):
        handle.set([*handle.state(), "outside"])
        print(handle.state())

main(start, capture=Handle.state)
"""


@GRANULARITIES
def test_generators(recorded: Recorded, granularity: str) -> None:
    (call,) = recorded(GENERATOR, GRANULARITY=granularity)
    if granularity == "function":
        assert shown(call) == [1, [3, "outside"]]
        return
    assert shown(call) == [1, 1, [2], [2, "outside"], [2, "outside"], [3], [3, "outside"]]


EXCEPTIONS = """
@spacetimepy.GRANULARITY
def fail(handle):
    try:
        raise KeyError("first")
    except KeyError as error:
        handle.set(repr(sys.exception()))
        try:
            raise
        except KeyError as again:
            print(again is error, again.__context__, repr(sys.exception()))
    print(sys.exception())
    handle.set(2)
    raise Failure(handle)

class Failure(Exception):
    pass

def capture(handle):
    try:
        raise OSError("inside")
    except OSError:
        pass
    try:
        {}["missing"]
    finally:
        return [handle.state(), repr(sys.exception())]

def start():
    try:
        fail(Handle(1))
    except Failure as failure:
        print(failure.__context__, failure.args[0].state(), failure.__traceback__.tb_next.tb_next)

main(start, capture=capture)
"""


@GRANULARITIES
def test_exceptions_of_the_program_stay(recorded: Recorded, granularity: str) -> None:
    program = EXCEPTIONS.replace("finally:", "except KeyError:")
    (call,) = recorded(program, GRANULARITY=granularity)
    assert call.exception.args[0].payload[0] == 2
    assert [payload[0] for payload in shown(call)][-1] == 2


SIGNALS = """
class Timeout(Exception):
    pass

def on_alarm(number, frame):
    raise RAISED

signal.signal(signal.SIGALRM, on_alarm)
at = AT

@spacetimepy.GRANULARITY
def work(handle):
    try:
        handle.set(handle.state() + 1)
        handle.set(handle.state() + 1)
        if handle.state() > 2:
            raise KeyError("own")
    finally:
        handle.set(handle.state() + 1)

def capture(handle):
    global at
    at -= 1
    if at == 0:
        signal.raise_signal(NUMBER)
        time.sleep(0)
    return handle.state()

def start():
    try:
        work(Handle(1))
    except BaseException as error:
        if len(sys.argv) == 1:
            return
        names = []
        traceback = error.__traceback__
        while traceback is not None:
            names.append(traceback.tb_frame.f_code.co_name)
            traceback = traceback.tb_next
        seen.append((type(error).__name__, names))

seen = []
main(start, capture=capture)
assert not sys.argv[1:] or seen == [(EXPECTED, FRAMES)], seen
"""


TIMEOUT = ("signal.SIGALRM", "Timeout('late')", "Timeout")
EXIT = ("signal.SIGALRM", "SystemExit(3)", "SystemExit")
INTERRUPT = ("signal.SIGINT", "None", "KeyboardInterrupt")


@pytest.mark.parametrize(
    ("granularity", "at", "number", "raised", "expected"),
    [
        *(("line", at, *TIMEOUT) for at in "123"),
        *(("function", at, *TIMEOUT) for at in "12"),
        *((granularity, "2", *raised) for granularity in ("line", "function")
          for raised in (EXIT, INTERRUPT)),
    ],
)  # fmt: skip
def test_what_a_signal_raises_reaches_the_program(
    recorded: Recorded, granularity: str, at: str, number: str, raised: str, expected: str
) -> None:
    program = SIGNALS.replace("AT\n", f"{at}\n")
    # The second state of a call of that granularity is its exit: it is being left already.
    is_left = granularity == "function" and at == "2"
    (call,) = recorded(
        program,
        GRANULARITY=granularity,
        NUMBER=number,
        RAISED=raised,
        EXPECTED=repr(expected),
        FRAMES=repr(["start"] if is_left else ["start", "work"]),
    )
    assert call.outcome == "RAISED"
    assert call.exception.type.endswith(expected)


FORK = """
@spacetimepy.GRANULARITY
def child(handle):
    handle.set(handle.state() + 1)
    return handle

@spacetimepy.line
def parent(handle):
    handle.set(5)
    pid = os.fork()
    if pid == 0:
        child(handle)
        os._exit(0)
    os.waitpid(pid, 0)
    return handle.state()

main(lambda: print(parent(Handle(1)), flush=True), capture=Handle.state)
"""


@GRANULARITIES
def test_forked_children(recorded: Recorded, granularity: str) -> None:
    calls = recorded(FORK, GRANULARITY=granularity)
    in_child = next(call for call in calls if call.name == "child")
    assert shown(in_child) == [5, 6]
    assert in_child.value.payload == 6
    assert shown(calls[0])[:3] == [1, 5, 5]


MEDDLING = """
@spacetimepy.line
def work(handle):
    handle.set(2)
    handle.set(3)
    return handle.state()

def capture(handle):
    if handle.state() == 2:
        MEDDLE
    return handle.state()

main(lambda: print(work(Handle(1))), capture=capture)
"""


@pytest.mark.parametrize(
    ("meddle", "expected"),
    [
        ("spacetimepy.end_session(); spacetimepy.start_session('next')", [1]),
        ("spacetimepy.end_session()", [1]),
        ("pid = os.fork() or os._exit(0); os.waitpid(pid, 0)", [1, 2, 3]),
        ("import subprocess; subprocess.run([sys.executable, '-c', '1'])", [1, 2, 3]),
        ("spacetimepy.disable_recording()", [1]),
        ("spacetimepy.recording._active.close()", [1]),
        ("import gc; gc.collect(); spacetimepy.recording._active.flush()", [1, 2, 3]),
        (
            "spacetimepy.adapter(Handle, capture=lambda h: 'later', restore=restore)",
            [1, "later", "later"],
        ),
    ],
)
def test_an_adapter_may_use_the_recorder(
    recorded: Recorded, meddle: str, expected: list[Any]
) -> None:
    calls = recorded(MEDDLING, MEDDLE=meddle)
    assert shown(calls[0]) == expected


DEEP = """
@spacetimepy.GRANULARITY
def down(handle, depth):
    try:
        return down(handle, depth + 1)
    except RecursionError:
        return depth

def start():
    sys.setrecursionlimit(200)
    print(down(Handle(1), 0))

main(start, capture=lambda handle: (lambda: handle.state())())
"""


@GRANULARITIES
def test_at_the_limit_of_recursion(recorded: Recorded, granularity: str) -> None:
    calls = recorded(DEEP, GRANULARITY=granularity)
    assert shown(calls[0])[0] == 1
    reasons = [found for call in calls for found in shown(call) if found != 1]
    assert reasons
    assert all("RecursionError" in reason for reason in reasons), reasons
