"""Frames kept, cleared, walked and written to; lines jumped by a trace function."""
# says: it has no value apart

import sys

kept = []


def keeps(n):
    values = [n]
    kept.append(sys._getframe())
    values.append(n + 1)
    return values


def jumps():
    reached = []
    reached.append(1)
    reached.append(2)
    reached.append(3)
    return reached


def jump_over(frame, event, _):
    if frame.f_code is not jumps.__code__:
        return None
    if event == "line" and frame.f_lineno == jumps.__code__.co_firstlineno + 3:
        frame.f_lineno += 1
        frame.f_trace = None
    return jump_over


def jumps_into_a_loop():
    for n in [1, 2, 3]:
        n += 1
    return n


def refuse(frame, event, _):
    if frame.f_code is jumps_into_a_loop.__code__ and event == "line":
        try:
            frame.f_lineno += 1
        except ValueError as error:
            kept.append(str(error)[:30])
        frame.f_trace = None
    return refuse


def traced(trace, function):
    sys.settrace(trace)
    try:
        return function()
    finally:
        sys.settrace(None)


def walker():
    frame, names = sys._getframe(), []
    while frame and frame.f_code.co_filename == __file__:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    return names


def generator():
    inner = [sys._getframe()]
    yield inner[0]
    inner.append(2)
    yield sorted(inner[0].f_locals)


def by_opcode():
    n = [1]
    n[0] += len(n)
    return n


def count_opcodes(frame, event, _):
    if frame.f_code is not by_opcode.__code__:
        return None
    frame.f_trace_opcodes, frame.f_trace_lines = True, False
    counts[event] = counts.get(event, 0) + 1
    return count_opcodes


counts = {}


def main():
    for n in range(3):
        keeps(n)
    print([sorted(frame.f_locals.items()) for frame in kept])
    for frame in kept:
        frame.clear()
    print([frame.f_locals for frame in kept], [frame.f_lasti > 0 for frame in kept])
    del frame
    kept.clear()
    print(traced(jump_over, jumps), traced(refuse, jumps_into_a_loop), kept)
    print(traced(count_opcodes, by_opcode), counts.get("line"), counts.get("opcode", 0) > 3)
    running = generator()
    print(next(running) is running.gi_frame, next(running), running.gi_frame.f_back)
    running.close()
    print(running.gi_frame, walker())


main()
