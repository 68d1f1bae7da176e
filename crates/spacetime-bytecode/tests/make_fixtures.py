"""Writes tests/fixtures/VERSION.txt: code objects and what is known of them from elsewhere.

    python3.12 tests/make_fixtures.py            # both interpreters must be run
    python3.13 tests/make_fixtures.py
    python3.13 tests/make_fixtures.py --all FILE # the whole standard library, not for keeping

Nothing here uses the analysis under test. Lines come from `co_lines`, line starts and line deltas
from CPython's own instrumentation data (read from its memory), writes from a plain scan of `dis`,
and stack depths and receivers from frames of running snippets. One record per code object; see
`tests/common/mod.rs` for its reader.
"""

import ctypes
import dis
import io
import itertools
import os
import re
import sys
import types

sys.modules["make_fixtures"] = sys.modules[__name__]
HERE = os.path.dirname(os.path.abspath(__file__))
VERSION = sys.version_info[:2]
VERSION_NAME = f"{VERSION[0]}.{VERSION[1]}"
TOOL = 4

# Offsets in PyCodeObject, its monitoring data and _PyInterpreterFrame of 64-bit release builds.
N_LOCALSPLUS, LOCALSPLUS_KINDS = 72, 104
MONITORING = {(3, 12): 168, (3, 13): 176}[VERSION]
MONITORING_LINES = {(3, 12): 40, (3, 13): 32}[VERSION]
FRAME_OF_OBJECT, STACKTOP, LOCALSPLUS = 24, 64, 72
# Line deltas that mean "look it up".
OVERFLOWS = {(3, 12): (-127,), (3, 13): (-127, -126)}[VERSION]

PICKED = {
    "argparse": [
        "ArgumentParser._parse_known_args",
        "ArgumentParser._parse_optional",
        "HelpFormatter._format_usage",
    ],
    "ast": ["literal_eval", "_Unparser.visit_JoinedStr", "_Unparser._write_fstring_inner"],
    "asyncio.base_events": [
        "BaseEventLoop.create_connection",
        "BaseEventLoop._run_once",
        "BaseEventLoop.shutdown_default_executor",
    ],
    "asyncio.tasks": ["as_completed", "_wait", "gather", "Task.__step_run_and_handle_result"],
    "asyncio.taskgroups": ["TaskGroup.__aexit__"],
    "bisect": ["bisect_left", "insort_right"],
    "codecs": ["StreamReader.read"],
    "collections": ["namedtuple", "Counter.update", "OrderedDict.move_to_end"],
    "configparser": ["RawConfigParser._read"],
    "contextlib": [
        "_GeneratorContextManager.__exit__",
        "AsyncExitStack.__aexit__",
        "ExitStack.__exit__",
    ],
    "csv": ["Sniffer._guess_delimiter"],
    "dataclasses": ["_process_class", "dataclass"],
    "difflib": ["SequenceMatcher.find_longest_match", "SequenceMatcher.get_opcodes", "_mdiff"],
    "enum": ["EnumType.__new__", "Flag._missing_"],
    "functools": ["singledispatch", "lru_cache", "cached_property.__get__"],
    "heapq": ["merge", "_siftup", "nsmallest"],
    "inspect": ["getclosurevars", "Signature._bind"],
    "json.decoder": ["JSONObject", "py_scanstring"],
    "json.encoder": ["_make_iterencode"],
    "re._parser": ["_parse", "_parse_sub"],
    "shutil": ["rmtree", "_copytree"],
    "statistics": ["_ss", "NormalDist"],
    "string": ["Formatter._vformat"],
    "tarfile": ["TarFile.next", "TarFile.__init__"],
    "textwrap": ["TextWrapper._wrap_chunks", "dedent"],
    "typing": ["get_type_hints", "NamedTupleMeta.__new__"],
    "urllib.parse": ["urlsplit", "quote_from_bytes"],
}

observed_depths = {}
observed_receivers = {}


def _interpreter_frame(frame):
    return ctypes.c_void_p.from_address(id(frame) + FRAME_OF_OBJECT).value


def _observe_depth(frame):
    code = frame.f_code
    top = ctypes.c_int.from_address(_interpreter_frame(frame) + STACKTOP).value
    n_slots = ctypes.c_int.from_address(id(code) + N_LOCALSPLUS).value
    observed_depths.setdefault(code, set()).add((frame.f_lasti // 2, top - n_slots))


def _observe_receiver(frame, receiver):
    """Where on the caller's stack (dead values above it included) the receiver is."""
    code = frame.f_code
    n_slots = ctypes.c_int.from_address(id(code) + N_LOCALSPLUS).value
    stack = _interpreter_frame(frame) + LOCALSPLUS + 8 * n_slots
    at = {
        i
        for i in range(code.co_stacksize)
        if ctypes.c_void_p.from_address(stack + 8 * i).value == id(receiver)
    }
    observed_receivers.setdefault(code, {}).setdefault(
        frame.f_lasti // 2, set(range(99))
    ).intersection_update(at)


def probe(*_):
    """Notes the stack depth of its caller, which has popped the operands of the call."""
    _observe_depth(sys._getframe(1))


async def aprobe():
    return None


def raise_group():
    raise ExceptionGroup("both", [ValueError(), KeyError()])


class Spy:
    """Notes where it is on the stack of whoever changes it."""

    def __setattr__(self, name, value):
        _observe_receiver(sys._getframe(1), self)

    def __delattr__(self, name):
        _observe_receiver(sys._getframe(1), self)

    def __getattr__(self, name):
        return 0

    def __setitem__(self, key, value):
        _observe_receiver(sys._getframe(1), self)

    def __delitem__(self, key):
        _observe_receiver(sys._getframe(1), self)

    def __getitem__(self, key):
        return self

    def __iadd__(self, other):
        _observe_receiver(sys._getframe(1), self)
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False

    def key(self, value):
        return value

    def method(self, *_):
        _observe_receiver(sys._getframe(1), self)

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        return False

    async def __aiter__(self):
        yield 1


def slots(code):
    kinds = ctypes.c_void_p.from_address(id(code) + LOCALSPLUS_KINDS).value
    count = ctypes.c_int.from_address(id(code) + N_LOCALSPLUS).value
    # The kinds are a bytes object, whose content starts after its header.
    return [
        (code._varname_from_oparg(i), ctypes.c_uint8.from_address(kinds + 32 + i).value)
        for i in range(count)
    ]


def instrumented_lines(code):
    """(marked, delta) for each unit, as CPython computes them."""
    sys.monitoring.set_local_events(TOOL, code, sys.monitoring.events.LINE)
    data = ctypes.c_void_p.from_address(id(code) + MONITORING).value
    lines = ctypes.c_void_p.from_address(data + MONITORING_LINES).value
    raw = ctypes.string_at(lines, len(code.co_code))
    sys.monitoring.set_local_events(TOOL, code, 0)
    return [(raw[i] != 0, ctypes.c_int8(raw[i + 1]).value) for i in range(0, len(raw), 2)]


def written(code):
    """Line -> slots written, by a scan that knows the instruction names."""
    lines, everywhere, started = {}, set(), False
    for instruction in dis.get_instructions(code):
        started = started or instruction.opname == "RESUME"
        if not started:
            continue
        name, arg = instruction.opname, instruction.arg
        slots = set()
        if name in (
            "STORE_FAST",
            "DELETE_FAST",
            "LOAD_FAST_AND_CLEAR",
            "MAKE_CELL",
            "STORE_DEREF",
            "DELETE_DEREF",
        ):
            slots = {arg}
        elif name == "STORE_FAST_STORE_FAST":
            slots = {arg >> 4, arg & 15}
        elif name == "STORE_FAST_LOAD_FAST":
            slots = {arg >> 4}
        line = instruction.positions.lineno
        if line:
            lines.setdefault(line, set()).update(slots)
        else:
            everywhere |= slots
    return {line: slots | everywhere for line, slots in lines.items()}


def constant(value):
    if isinstance(value, (int, float, complex)):
        return "N"
    if isinstance(value, str):
        return "S"
    if isinstance(value, (tuple, frozenset)):
        return "T"
    return "C" if isinstance(value, types.CodeType) else "A"


def unit_lines(code):
    lines = [0] * (len(code.co_code) // 2)
    for start, end, line in code.co_lines():
        lines[start // 2 : end // 2] = [line or 0] * ((end - start) // 2)
    return lines


def record(out, code, title, expected_sites=None):
    marks = instrumented_lines(code)
    names = slots(code)
    instructions = list(dis.get_instructions(code))
    started, traced = False, set()
    for instruction in instructions:
        started = started or instruction.opname == "RESUME"
        if started:
            traced.add(instruction.offset // 2)
    n_arguments = (
        code.co_argcount
        + code.co_kwonlyargcount
        + bool(code.co_flags & 4)
        + bool(code.co_flags & 8)
    )

    def line(*words):
        print(*words, file=out)

    line("code", VERSION_NAME, title)
    line("first", code.co_firstlineno)
    line("flags", code.co_flags)
    line("arguments", n_arguments)
    line("stacksize", code.co_stacksize)
    # The name of `from . import x` is empty.
    line("names", *(":" + name for name in code.co_names))
    for name, kind in names:
        line("slot", name, kind)
    line("constants", *map(constant, code.co_consts))
    line("bytes", code.co_code.hex())
    line("linetable", code.co_linetable.hex())
    line("exceptiontable", code.co_exceptiontable.hex())
    line(
        "lines",
        *(f"{number}*{len(list(run))}" for number, run in itertools.groupby(unit_lines(code))),
    )
    line("states", *(i for i, (marked, _) in enumerate(marks) if marked))
    line("slow", int(any(delta in OVERFLOWS and i in traced for i, (_, delta) in enumerate(marks))))
    for number, slots_written in sorted(written(code).items()):
        line("written", number, *sorted(slots_written))
    for unit, depth in sorted(observed_depths.get(code, ())):
        line("depth", _own_unit(code, unit), depth)
    for unit, positions in sorted(observed_receivers.get(code, {}).items()):
        line("receiver", _own_unit(code, unit), *sorted(positions))
    if expected_sites is not None:
        line("checked")
        for number, text in expected_sites:
            line("site", number, text)
    line("end")


def _own_unit(code, unit):
    """In 3.12 the position of a frame that is in a call is the last cache of the instruction."""
    return max(i.offset // 2 for i in dis.get_instructions(code) if i.offset // 2 <= unit)


def nested(code):
    yield code
    for value in code.co_consts:
        if isinstance(value, types.CodeType):
            yield from nested(value)


def source_of(module):
    path = os.path.join(os.path.dirname(os.__file__), *module.split("."))
    return path + ".py" if os.path.exists(path + ".py") else os.path.join(path, "__init__.py")


def compiled(path):
    with io.open_code(path) as file:
        return compile(file.read(), os.path.basename(path), "exec", dont_inherit=True)


def write_snippets(out):
    path = os.path.join(HERE, "snippets.py")
    with open(path) as file:
        text = file.read().splitlines()
    code = compiled(path)
    namespace = {"__name__": "snippets"}

    def on_line(code, number):
        # LINE events leave the stack pointer in the frame.
        _observe_depth(sys._getframe(1))

    own = list(nested(code))
    for inner in own:
        sys.monitoring.set_local_events(TOOL, inner, sys.monitoring.events.LINE)
    sys.monitoring.register_callback(TOOL, sys.monitoring.events.LINE, on_line)
    exec(code, namespace)
    namespace["run"]()
    sys.monitoring.register_callback(TOOL, sys.monitoring.events.LINE, None)
    assert observed_depths and observed_receivers
    for inner in own:
        lines = sorted({line for _, _, line in inner.co_lines() if line})
        sites = []
        for number in lines:
            match = re.search(r"#: (.*)", text[number - 1])
            if match and inner.co_name != "<module>":
                sites.append((number, match[1].strip()))
        is_outer = "." not in inner.co_qualname
        record(out, inner, "snippets." + inner.co_qualname, sites if sites and is_outer else None)
    for size in (60, 300):
        long_code = compile(
            "def long(x):\n" + " x = [x, x]\n\n" * size, "long.py", "exec"
        ).co_consts[0]
        record(out, long_code, f"long.{size}")


def main():
    sys.monitoring.use_tool_id(TOOL, "make_fixtures")
    if "--all" in sys.argv:
        root = os.path.dirname(os.__file__)
        with open(sys.argv[-1], "w") as out:
            for folder, _, files in sorted(os.walk(root)):
                for name in sorted(files):
                    if not name.endswith(".py") or "bad" in name or "lib2to3" in folder:
                        continue
                    try:
                        code = compiled(os.path.join(folder, name))
                    except (SyntaxError, UnicodeDecodeError, ValueError):
                        continue
                    for inner in nested(code):
                        record(out, inner, name + ":" + inner.co_qualname)
        return
    target = os.path.join(HERE, "fixtures", f"{VERSION_NAME}.txt")
    with open(target, "w") as out:
        write_snippets(out)
        for module, functions in PICKED.items():
            code = compiled(source_of(module))
            for inner in nested(code):
                if any(
                    inner.co_qualname == name or inner.co_qualname.startswith(name + ".")
                    for name in functions
                ):
                    record(out, inner, module + "." + inner.co_qualname)


if __name__ == "__main__":
    main()
