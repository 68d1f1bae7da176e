"""The program traces, profiles and monitors itself: it gets the events that it would have got.

It takes three of the ids of tools, of which any may be in use: which one it gets is not told.
"""
# says: it has no value apart

import collections
import sys
import threading

monitoring = sys.monitoring
counts = collections.Counter()


def helper(n):
    items = [n]
    for i in range(3):
        items.append(i)
    if n > 1:
        raise KeyError(n)
    return len(items)


def numbers(n):
    for i in range(n):
        yield helper(0) + i


def work():
    total = sum(numbers(3))
    for n in range(3):
        try:
            total += helper(n)
        except KeyError:
            total += 100
    for n in numbers(5):
        if n > 5:
            break
    running = numbers(2)
    next(running)
    try:
        running.throw(ValueError("thrown"))
    except ValueError:
        total += sorted([3, 1], key=lambda n: -n)[0]
    return total


CODES = {f.__code__: f.__name__ for f in (helper, numbers, work)}


def show(what):
    print(what, work())
    found, total = sorted(counts.items(), key=str), sum(counts.values())
    counts.clear()
    print(total, *found)


def traces(opcodes, lines):
    def trace(frame, event, argument):
        if frame.f_code in CODES:
            frame.f_trace_opcodes, frame.f_trace_lines = opcodes, lines
            counts[event, frame.f_code.co_name, frame.f_lineno if event == "line" else 0] += 1
            return trace
        return None

    return trace


def profiles(frame, event, argument):
    if frame.f_code in CODES:
        counts[event, frame.f_code.co_name, getattr(argument, "__name__", "")] += 1


def jumps(frame, event, argument):
    """Goes back once, by `f_lineno`."""
    if frame.f_code is helper.__code__ and event == "line":
        counts[frame.f_lineno - frame.f_code.co_firstlineno] += 1
        if frame.f_lineno == frame.f_code.co_firstlineno + 4 and not counts["jumped"]:
            counts["jumped"] += 1
            frame.f_lineno = frame.f_code.co_firstlineno + 1
    return jumps if frame.f_code in CODES else None


def fails(frame, event, argument):
    if frame.f_code is numbers.__code__:
        counts["fails"] += 1
        raise OSError("in the trace function")
    return fails


def take(n):
    taken = []
    for tool in range(6):
        if monitoring.get_tool(tool) is None and len(taken) < n:
            monitoring.use_tool_id(tool, f"hostile {tool}")
            taken.append(tool)
    return taken


def watch(tool, place, is_disabling):
    """Counts all that can be told."""

    def counter(name):
        def count(code, *rest):
            if code in CODES:
                where = CODES[code], rest[0] if name != "INSTRUCTION" else 0
                counts[place, name, *where] += 1
                return monitoring.DISABLE if is_disabling and name in LOCAL else None
            return None

        return count

    for name, event in vars(monitoring.events).items():
        if event and event != monitoring.events.NO_EVENTS:
            if name not in ("C_RAISE", "C_RETURN"):
                monitoring.register_callback(tool, event, counter(name))


LOCAL = ("LINE", "INSTRUCTION", "JUMP", "BRANCH", "PY_START", "CALL", "PY_RETURN", "PY_YIELD")
EVENTS = [getattr(monitoring.events, name) for name in LOCAL]
RAISES = monitoring.events.RAISE | monitoring.events.PY_UNWIND | monitoring.events.PY_THROW
RAISES |= monitoring.events.EXCEPTION_HANDLED | monitoring.events.RERAISE


def all_tools():
    taken = take(3)
    for place, tool in enumerate(taken):
        watch(tool, place, place == 1)
    monitoring.set_events(taken[0], sum(EVENTS) | RAISES)
    monitoring.set_events(taken[1], sum(EVENTS))
    monitoring.set_local_events(taken[2], helper.__code__, sum(EVENTS[:3]))
    show("monitored")
    show("disabled")
    monitoring.restart_events()
    show("restarted")
    monitoring.set_events(taken[0], 0)
    monitoring.set_local_events(taken[2], helper.__code__, 0)
    monitoring.set_local_events(taken[2], work.__code__, EVENTS[0])
    show("less")
    sys.settrace(traces(True, True))
    show("and traced")
    sys.settrace(None)
    for tool in taken:
        monitoring.set_events(tool, 0)
        for event in EVENTS:
            monitoring.register_callback(tool, event, None)
        for code in CODES:
            monitoring.set_local_events(tool, code, 0)
        monitoring.free_tool_id(tool)
    show("freed")


def main():
    for opcodes in (False, True):
        for lines in (False, True):
            sys.settrace(traces(opcodes, lines))
            show(("traced", opcodes, lines))
            sys.settrace(None)
    sys.setprofile(profiles)
    show("profiled")
    sys.settrace(traces(False, True))
    show("both")
    sys.setprofile(None)
    sys.settrace(jumps)
    show("jumped")
    sys.settrace(fails)
    try:
        show("fails")
    except OSError as error:
        print(error, counts.pop("fails"), sys.gettrace())
    threading.settrace(traces(False, True))
    threading.setprofile(profiles)
    thread = threading.Thread(target=show, args=("in a thread",))
    thread.start()
    thread.join()
    threading.settrace(None)
    threading.setprofile(None)
    threading.setprofile_all_threads(profiles)
    show("all threads")
    threading.setprofile_all_threads(None)
    all_tools()


main()
