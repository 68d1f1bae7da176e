"""Recorded values made again in a fresh process, held against copies taken when they were recorded.

The copies are canonical forms (see `canonical`), which the program under test takes itself, just
before the recorder sees the same values; the fresh process restores, takes forms and says where
they differ. Classes are in `restorable`. Add a kind of value by adding a line to `VALUES` or
`GRAPHS`.
"""

from __future__ import annotations

import json
import sys
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
import spacetimepy
from conftest import TESTS, Run
from spacetimepy.errors import NotFoundError, RestoreError, TrustError
from spacetimepy.restoring import restore_named, restore_state

VALUES = """
None
True
...
[NotImplemented, -0.0, float("inf"), 1j, 2**200, -(2**64)]
"lone \\ud800 surrogate" * 200
b"\\x00" * 5000
range(1, 10, 3)
[1, [2, [3]], (4, [5])]
{"a": {1: {2.5, "x"}}, (1, "b"): frozenset({1, (2, 3)})}
bytearray(b"abc")
{None: 1, True: 2, 3.5: 3, b"b": 4, Color.RED: 5, Point: 6, len: 7}
frozenset({Key("a"), Key("b", {"k": 1})})
{Key("a", {"k": 1}): 1, frozenset({Key("b")}): 2}
{Key("a"), Key("b", {"k": 2})}
Point(3, [4])
Slotted(1)
Slotted(1, "hidden")
with_attributes(c=3, other=4)(Both, 1, 2)
Frozen(1, [2])
Packed(1, Packed(2))
Pair([1])
[Old(1, 2), Named(3, 4), local_pair(1, [2])]
[pair_class(), pair_class()(1, [2]), Old, Pair]
Color.RED
[Color.GREEN, Color.GREEN, Level.LOW, Way.IN | Way.OUT, Mode.FAST, re.IGNORECASE | re.MULTILINE]
with_attributes(limit=3)(Stack, [1, [2]])
Table({"a": [1]})
Bag({1, 2})
Still({1, 2})
Line((1, [2]))
with_attributes(note="x")(Ring, [1, 2, 3], 2)
deque([1, [2]], maxlen=5)
deque([1])
Random(5)
Dice(7)
defaultdict(list, {"a": [1]})
defaultdict(None, {})
OrderedDict([("b", 1), ("a", 2)])
Counter("abca")
ChainMap({"a": 1}, {"b": 2})
Metres(3.5, "km")
[Big(5), Word("w"), Raw(b"r"), Money("1.50"), Blob(b"b")]
[decimal.Decimal("-0.100"), decimal.Decimal("NaN"), fractions.Fraction(1, 3)]
[datetime.date(2024, 2, 29), Day(2020, 1, 2), datetime.time(1, 2, 3, 4, fold=1)]
datetime.datetime(2024, 1, 2, 3, 4, 5, 6, datetime.timezone(datetime.timedelta(hours=2), "X"))
[datetime.timedelta(-1, 5, 7), datetime.timezone.utc, datetime.timezone(datetime.timedelta(1, -9))]
[uuid.UUID(int=5), pathlib.PurePosixPath("a/b"), pathlib.Path("/tmp/x")]
[re.compile("a+", re.I), re.compile(b"b"), re.compile("b(c)?").search("abcbc", 1)]
[slice(1, None, [2]), memoryview(b"abc"), memoryview(bytearray(b"abcd"))[1:3]]
[written(io.BytesIO(), b"abc", 2), written(Written(), b"abc", 5), io.BytesIO(b"abc")]
[written(io.StringIO(), "a\\n\\u20ac", 2), io.StringIO("x")]
written(io.StringIO(newline=None), "a\\r\\nb", 1)
[closed(io.BytesIO(b"abc")), closed(io.StringIO("abc"))]
[array.array("d", [1.5, 2.5]), array.array("i")]
types.SimpleNamespace(a=1, b=[2])
[types.MappingProxyType({"a": 1}), {"a": 1}.keys(), {"a": 1}.items(), {"a": 1}.values()]
[list[int], dict[str, list[int]], int | None, typing.Optional[int], typing.Any, T, Alias]
[typing.List, typing.Callable[[int], str], typing.Union[int, str], typing.Literal["a"]]
caught(int, "x")
caught(math.sqrt, -1)
caught(open, "/no/such/file")
caught(lambda: {}["k"])
caught(lambda: (None).x)
caught(lambda: undefined)
caught(b"\\xff".decode, "utf-8")
caught(compile, "a b", "f.py", "exec")
caught(next, iter([]))
ExceptionGroup("several", [ValueError(1), KeyError("k")])
SystemExit(3)
chained()
silenced()
[len, math.sqrt, operator.add, str.upper, [].append, {"a": 1}.get, dict.fromkeys, deque.append]
[re.compile("a").match, array.array("i", [1]).extend, array.array.fromlist]
[int.__add__, Slotted.a, type.__dict__["__name__"], collections.OrderedDict.fromkeys]
[Point.length, Point(1, 2).length, Point.origin, plain, doubled, double, cached]
[hidden.callback, hidden_and_wrapped.callback, hidden_and_wrapped.callback.__wrapped__]
[wrapped_twice, wrapped_twice.__wrapped__, wrapped_twice.__wrapped__.__wrapped__]
[Sized.size.fget, Sized.size.fset, Sized.size]
defined_twice
[int, Point, Inner.Deep, type, type(None), types.FunctionType, type(len), collections.abc.Mapping]
[math, collections.abc, re]
Inner.Deep()
[plain.__code__, counter(5).__code__, compile("[a, 1, 'b', (2,)]", "made.py", "eval")]
[operator.attrgetter("a.b", "c"), operator.attrgetter("a"), operator.methodcaller("m")]
[operator.itemgetter((1, 2)), operator.itemgetter(1, [2]), operator.methodcaller("m", [1], k=2)]
[[1].__len__, Key("a").__init__, Point(1, [2]).__setattr__, Key("a").__reduce__]
of_no_module("def made(x=[1]): return made, held, x")
of_no_module("def outer(x):\\n def made(): return x\\n return made\\nmade = outer([2])")
counter(5)
recursive()
functools.partial(plain, 1, c=[2])
functools.partial(Point(1, 2).length)
[property(Point.length), classmethod(plain), staticmethod(plain)]
[Point, Point(1, 2), [Point(1, 2)]]
object()
[Generic(3), Generic.__class_getitem__(int)]
[Cat("Tom", [1]), Model(count=3, names=["a"])] if attrs else "not installed"
"""

# Statements that bind several variables; `x`, `y` and `z` are held against each other.
GRAPHS = """
x = [1]; y = [x, x]; z = {"x": x, "y": y}
x = []; x.append(x)
x = {}; x["self"] = x; y = [x]
x = ([],); x[0].append(x); y = x[0]
x = Point(1, [2]); y = x.y; z = [x, x.__dict__["y"]]
x = Slotted(1); x.a = [x]; y = x
x = Key("n"); y = {x: [x]}; x.rest = {"back": 1}; y = {x: [x], Key("m"): y}
x = Key("n"); y = types.SimpleNamespace(name="g", all={x: 1}); x.other = y
x = counter(5); y = x.__closure__[0]; z = [x]
x = Point(1, []); x.y.append(x.length)
x = deque([1], 3); x.append(x); y = defaultdict(list); y["d"] = x; z = Ring([y])
x = functools.partial(plain, []); x.args[0].append(x)
x = ValueError([]); x.args[0].append(x); y = x.args[0]
x = chained(); y = x.__cause__; z = x.hint
x = frozenset({Key("a", {"k": 1})}); y = next(iter(x)); z = y.rest
x = bytearray(b"abc"); y = memoryview(x); z = [x]
x = (1, (2, [3])); y = x[1]; z = y[1]
x = [Frozen(1, [])]; y = x[0].b; y.append(x)
x = None; y = 0
for i in range(300): x = [x]
x = ()
for i in range(300): x = (x, [])
"""

# What cannot be restored, and the beginning of what is said of it.
REFUSED = """
threading.Lock()                        | : it has no value apart from the running program
[1, {"k": Point(1, threading.Lock())}]  | [1]['k'].y: it has no value apart from
(i for i in [])                         | : it has no value apart from
(0, [iter([1])])                        | [1][0]: it has no value apart from
compile("[x for x in y]", "f", "exec")  | : variables of its comprehensions are hidden
open(os.devnull, "w")                   | .buffer.raw: it has no value apart from
weakref.ref(Point)                      | : it has no value apart from
"x" * 2_000_000                         | : larger than the size limit (str)
[list(range(2_000_000))]                | [0]: larger than the size limit (list)
Ignored()                               | : excluded by the user
local_class()()                         | : restorable.local_class.<locals>.Local was made inside
noted(len)                              | : the function builtins.len is another one now
[lambdas()[0]]                          | [0]: several functions are called restorable.lambdas
first_defined                           | : several functions are called restorable.defined_twice
wrapper_of_given                        | : the function restorable.given_away is another one now
renamed("n")                            | : the function restorable.plain is another one now
{"a": gone_at_first()}                  | ['a']: restorable.Gone is not found
Emptied().made()                        | : restorable.Emptied has no place for the attribute 'x'
[Refielded(1, 2)]                       | [0]: restorable.Refielded has other fields now
[Refielded]                             | [0]: restorable.Refielded has other fields now
pair_class(defaults=[1])                | : restorable.MadePair is not found
with_default(pair_class())              | : restorable.MadePair is not found
pair_class(swapped=plain)               | : restorable.MadePair is not found
pair_class(__repr__=plain)              | : restorable.MadePair is not found
pair_class(left=property(plain))        | : restorable.MadePair is not found
pair_class(__doc__="Two of a kind")     | : restorable.MadePair is not found
gone_pair(1, 2)                         | : restorable.GonePair is not found
gone_pair                               | : restorable.GonePair is not found
Shade.DARK                              | : restorable.Shade.DARK has another value now
os.stat(".")                            | : os.stat_result has fields beside its items
memoryview(b"aaaa")[1:2]                | : which part of the memory this view shows
replaced                                | : the function restorable.replaced is another one now
[{Raising(): 2}]                        | [0]: ZeroDivisionError
"""

PROGRAM = """
import json, pickle, sys
import spacetimepy
from canonical import LiveForm
from restorable import *
import restorable

@spacetimepy.function
def hold(**variables):
    return None

@spacetimepy.function
def hold_graph(x=None, y=None, z=None):
    return None

copies = []
values, graphs, refused = json.load(open("cases.json"))
with spacetimepy.init_monitoring("run.spacetime", ignore_types=[Ignored]):
    for text in values:
        value = eval(text)
        copies.append(repr(LiveForm().names({"value": value})))
        hold(value=value)
    for text in graphs:
        names = {}
        exec(text.replace("\\\\n", "\\n"), vars(restorable), names)
        bound = {name: names.get(name) for name in "xyz"}
        copies.append(repr(LiveForm().names(bound)))
        hold_graph(**bound)
    for text in refused:
        hold(value=eval(text))
json.dump(copies, open("copies.json", "w"))
"""

RESTORING = """
import json, sys
sys.setrecursionlimit(100_000)
import spacetimepy
from canonical import LiveForm
from spacetimepy.restoring import restore_state

found = []
with spacetimepy.open("run.spacetime", trust=True) as trace:
    for call in trace.calls():
        restored = restore_state(call.states[0])
        names = restored.locals.get("variables", restored.locals)
        refused = {name: str(error) for name, error in restored.refused.items()}
        found.append([repr(LiveForm().names(names)), refused])
json.dump(found, open("found.json", "w"))
"""


def graphs() -> list[str]:
    """A line that begins with a loop belongs to the one before."""
    found: list[str] = []
    for line in GRAPHS.strip().splitlines():
        if line.startswith("for "):
            found[-1] += "\n" + line
        else:
            found.append(line)
    return found


VALUE_CASES = VALUES.strip().splitlines()
REFUSED_CASES = [line.split(" | ") for line in REFUSED.strip().splitlines()]
CASES = [*VALUE_CASES, *graphs()]


@pytest.fixture(scope="module")
def outcomes(run: Run, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str, Any]]:
    """Of each case the copy, the form of what was restored, and what was refused."""
    folder = tmp_path_factory.mktemp("restoring")
    (folder / "program.py").write_text("import sys; sys.setrecursionlimit(100_000)\n" + PROGRAM)
    (folder / "restoring.py").write_text(RESTORING)
    (folder / "cases.json").write_text(
        json.dumps([VALUE_CASES, graphs(), [text for text, _ in REFUSED_CASES]])
    )
    path = f"{TESTS}:{Path(spacetimepy.__file__).parents[1]}:{folder}"
    for script in ("program.py", "restoring.py"):
        changed = {"CHANGED": "yes"} if script == "restoring.py" else {}
        done = run(sys.executable, script, cwd=folder, PYTHONPATH=path, **changed)
        assert done.returncode == 0, done.stderr
    copies = json.loads((folder / "copies.json").read_text())
    found = json.loads((folder / "found.json").read_text())
    copies += [None] * len(REFUSED_CASES)
    return [(copy, *rest) for copy, rest in zip(copies, found, strict=True)]


@pytest.mark.parametrize("at", range(len(CASES)), ids=CASES)
def test_a_value_is_the_same_in_a_fresh_process(
    at: int, outcomes: list[tuple[str, str, Any]]
) -> None:
    copy, found, refused = outcomes[at]
    assert refused == {}
    assert found == copy


@pytest.mark.parametrize(
    ("at", "words"),
    [(len(CASES) + at, words.strip()) for at, (_, words) in enumerate(REFUSED_CASES)],
    ids=[text.strip() for text, _ in REFUSED_CASES],
)
def test_a_value_is_refused_by_its_path_and_a_reason(
    at: int, words: str, outcomes: list[tuple[str, str, Any]]
) -> None:
    path, _, reason = words.partition(": ")
    refusal = outcomes[at][2]["variables"]
    assert refusal.startswith(f"variables['value']{path} cannot be restored: {reason}")


@spacetimepy.line
def show(error: Exception, lock: object, again: list[object]) -> None:
    again.append(lock)


@pytest.fixture
def path(tmp_path: Path) -> str:
    path = str(tmp_path / "run.spacetime")
    error = KeyError([1])
    with spacetimepy.init_monitoring(path):
        show(error, iter([1]), [error, error.args[0]])
    return path


def test_only_a_trusted_trace_is_restored(path: str) -> None:
    with spacetimepy.open(path) as trace:
        state = trace.state("1:0")
        with pytest.raises(TrustError, match="trust=True"):
            state.locals["error"].restore()
        with pytest.raises(TrustError, match="trust=True"):
            restore_state(state)


def test_one_variable_that_is_refused_leaves_the_others(path: str) -> None:
    with spacetimepy.open(path, trust=True) as trace:
        restored = restore_state(trace.state("1:0"))
        with pytest.raises(RestoreError, match=r"value cannot be restored: it has no value"):
            trace.state("1:0").locals["lock"].restore()
    assert list(restored.locals) == ["error", "again"]
    assert list(restored.refused) == ["lock"]
    error = restored.locals["error"]
    assert type(error) is KeyError and error.args == ([1],)
    assert restored.locals["again"][0] is error
    assert restored.locals["again"][1] is error.args[0]


def test_one_variable_is_restored_by_its_name(path: str) -> None:
    with spacetimepy.open(path, trust=True) as trace:
        state = trace.state("1:0")
        assert restore_named(state, "error").args == ([1],)
        with pytest.raises(RestoreError, match=r"lock cannot be restored: it has no value"):
            restore_named(state, "lock")
        with pytest.raises(NotFoundError, match="no variable 'other'"):
            restore_named(state, "other")


def test_the_class_of_a_named_tuple_is_made_again_by_its_fields(tmp_path: Path) -> None:
    path = tmp_path / "wide.spacetime"
    names = [f"field{n}" for n in range(20)]
    made = namedtuple("Wide", names)  # type: ignore[misc]
    with spacetimepy.init_monitoring(path):
        show(KeyError(), None, [made, made(*range(20))])
    with spacetimepy.open(path, trust=True) as trace:
        kind, instance = restore_state(trace.state("1:0")).locals["again"]
    assert kind is not made and type(instance) is kind
    assert kind(**dict.fromkeys(names, 1)).field19 == 1


MODULE = """
def noted(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args)
    return wrapper

@noted
def single(x): return ["single", x]

def double(x): return ["first", x]
first = double
def double(x): return ["second", x]

def local():
    return [
        lambda x: ["one", x],
        lambda x: ["two", x],
    ]
def alone(): return lambda x: ["alone", x]
"""

FUNCTIONS = ["single", "single.__wrapped__", "first", "double", "local()[1]", "alone()"]


@pytest.mark.parametrize(
    ("n_lines_above", "refused"), [(0, ["first"]), (3, ["first", "double", "local()[1]"])]
)
def test_of_several_functions_of_a_name_the_recorded_one_comes_back(
    n_lines_above: int, refused: list[str], run: Run, tmp_path: Path
) -> None:
    """Where they stand tells them apart; once that has changed, none of them is taken."""
    module = tmp_path / "module.py"
    path = f"{TESTS}:{Path(spacetimepy.__file__).parents[1]}:{tmp_path}"
    (tmp_path / "program.py").write_text(
        "import spacetimepy, module\n"
        "@spacetimepy.function\n"
        "def hold(f): pass\n"
        "with spacetimepy.init_monitoring('run.spacetime'):\n"
        f"    for text in {FUNCTIONS}: hold(eval('module.' + text))\n"
    )
    (tmp_path / "restoring.py").write_text(
        "import json, spacetimepy\n"
        "from spacetimepy.restoring import restore_state\n"
        "found = []\n"
        "for call in spacetimepy.open('run.spacetime', trust=True).calls():\n"
        "    restored = restore_state(call.states[0])\n"
        "    f = restored.locals.get('f')\n"
        "    found.append(str(restored.refused['f']) if f is None else f(3))\n"
        "print(json.dumps(found))\n"
    )
    for script, n_above in (("program.py", 0), ("restoring.py", n_lines_above)):
        module.write_text("import functools\n" + "\n" * n_above + MODULE)
        done = run(sys.executable, script, cwd=tmp_path, PYTHONPATH=path)
        assert done.returncode == 0, done.stderr
    found = dict(zip(FUNCTIONS, json.loads(done.stdout), strict=True))
    assert all("several functions are called module." in found.pop(name) for name in refused)
    expected = {"single": "single", "single.__wrapped__": "single", "double": "second"}
    expected |= {"local()[1]": "two", "alone()": "alone"}
    assert found == {name: [expected[name], 3] for name in found}


def test_each_restoring_makes_new_objects(path: str) -> None:
    with spacetimepy.open(path, trust=True) as trace:
        value = trace.state("1:0").locals["error"]
        first, second = value.restore(), value.restore()
    assert first is not second and first.args == second.args


def test_classes_of_a_script_are_found_in_a_given_namespace(spacetime: Run, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(
        "class Dog:\n    age = 3\ndef bark(dog):\n    return dog\nbark(Dog())\n"
    )
    spacetime("run", "--line", "-o", "run.spacetime", "script.py", cwd=tmp_path)
    with spacetimepy.open(tmp_path / "run.spacetime", trust=True) as trace:
        dog = trace.calls("bark")[0].value
        with pytest.raises(RestoreError, match="Dog is not found"):
            dog.restore()

        class Dog:
            age = 4

        Dog.__module__, Dog.__qualname__ = "__main__", "Dog"
        assert dog.restore(namespaces={"__main__": {"Dog": Dog}}).age == 4


def test_nothing_recurses_on_what_a_trace_holds(tmp_path: Path) -> None:
    path = str(tmp_path / "run.spacetime")
    nested: list[Any] = []
    chain: tuple[Any, ...] = ()
    for _ in range(20_000):
        nested, chain = [nested], (chain, nested)
    with spacetimepy.init_monitoring(path):
        show(KeyError(), None, [nested, chain])
    with spacetimepy.open(path, trust=True) as trace:
        nested, chain = restore_state(trace.state("1:0")).locals["again"]
    depth = 0
    while nested:
        assert chain[1] is nested[0]
        (nested,), (chain, _), depth = nested, chain, depth + 1
    assert depth == 20_000
