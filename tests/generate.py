"""Makes test programs: random small ones from a seed, and the two long ones.

    python generate.py DIRECTORY [COUNT]     writes generated_0000.py ... and the long programs

The same seed gives the same program on every machine and Python version. Programs stop by
construction: loops run over bounds fixed before the loop and `while` loops count down a counter of
their own, functions call only functions defined before them, and the whole program has a budget of
calls. Whatever goes wrong inside (an index out of range, a missing key) is caught by the program
itself or ends it, and both are fine: the tests compare runs, not results.

A program has variables of known kinds (`n0` int, `s0` str, `l0` list, `d0` dict, `g0` nested list,
`o0` object, `t0` tuple, `e0` set), so that most statements do something. Start with `program`.

Two things are left out because a trace function makes 3.12 itself go wrong: in a module body,
nested comprehensions, and variables of comprehensions that are also names of the module.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from pathlib import Path

DEPTH = 4
KINDS = "nslgdote"

HEADER = '''"""Generated from seed {seed}."""

import bisect
import heapq

calls_left = 60
total = 0
names = []
shared = {{"a": [1], "b": [2, [3]]}}


def spend():
    global calls_left
    calls_left -= 1
    if calls_left < 0:
        raise SystemExit("budget")


class Node:
    made = 0

    def __init__(self, value, *links):
        self.value = value
        self.links = list(links)
        self.extra = None

    def grow(self, item):
        self.links.append(item)
        return self

    def swap(self, other):
        self.value, other.value = other.value, self.value

    @property
    def size(self):
        return len(self.links)


class Slotted(Node):
    __slots__ = ("mark",)

    def __init__(self, value):
        super().__init__(value)
        self.mark = [value]


class Guard:
    def __init__(self, swallow):
        self.swallow = swallow
        self.seen = []

    def __enter__(self):
        self.seen.append("in")
        return self.seen

    def __exit__(self, kind, value, traceback):
        self.seen.append(kind.__name__ if kind else "out")
        return self.swallow

'''


class Scope:
    """The variables of one function that are surely bound, by kind."""

    def __init__(self) -> None:
        self.names: dict[str, list[str]] = {kind: [] for kind in KINDS}


class Generator:
    """Writes one program. `out` collects lines; `depth` is the nesting of blocks."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.seed = seed
        self.out: list[str] = []
        self.functions: list[tuple[str, int, bool]] = []  # name, parameters, is generator
        self.counter = 0
        self.in_loop = 0
        self.in_function = False
        self.scope = Scope()
        self.base_depth = 0  # nesting of the function's own body

    # -- choices -----------------------------------------------------------------------------------

    def pick(self, *choices: str) -> str:
        """One of these. Every choice is built first, so that a seed means the same everywhere."""
        return self.random.choice(choices)

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def number(self, low: int = 0, high: int = 9) -> int:
        return self.random.randint(low, high)

    def fresh(self, prefix: str) -> str:
        self.counter += 1
        return f"{prefix}{self.counter}"

    def emit(self, depth: int, line: str) -> None:
        self.out.append("    " * depth + line)

    def name(self, kind: str) -> str:
        """A bound variable of this kind, or an expression that makes such a value."""
        known = self.scope.names[kind]
        return self.random.choice(known) if known else self.make(kind)

    # -- expressions -------------------------------------------------------------------------------

    def make(self, kind: str) -> str:
        """An expression that builds a new value."""
        a, b, c = self.number(), self.number(), self.number(1, 4)
        choices = {
            "n": [
                f"{a}",
                f"{-b}",
                f"{a} ** {c}",
                f"2 ** {60 + a}",
                f"{a} / {c}",
                f"{a}.5",
                f"{a} > {b}",
                "-0.0",
                "len(names)",
            ],
            "s": [
                f"'x{a}'",
                f"str({a})",
                f"'ab' * {c}",
                f"f'{{{a}}}-{{{b}}}'",
                "''.join(['p', 'q'])",
            ],
            "l": [
                "[]",
                f"[{a}, {b}]",
                f"list(range({c}))",
                f"[x * {a} for x in range({c})]",
                f"[[{a}], {b}]",
                "names",
                "shared['a']",
            ],
            "g": [
                f"[[0] * {c} for _ in range(3)]",
                f"[[{a}], [{b}], []]",
                f"[[x + y for x in range(2)] for y in range({c})]"
                if self.in_function
                else f"[[x * {c} for x in range(2)], [{a}]]",
            ],
            "d": [
                "{}",
                f"{{'a': {a}, 'b': [{b}]}}",
                f"{{k: k * k for k in range({c})}}",
                "shared",
                f"dict(a={a})",
            ],
            "o": [f"Node({a})", f"Node({a}, [{b}])", f"Slotted({a})", f"Node({a}).grow({b})"],
            "t": [f"({a}, {b})", "()", f"({a}, [{b}])", f"tuple(range({c}))", f"(({a},), {b})"],
            "e": [
                f"{{{a}, {b}}}",
                "set()",
                f"{{x % 3 for x in range({c})}}",
                f"{{'k{a}', ({a}, {b})}}",
            ],
        }
        return self.random.choice(choices[kind])

    def value(self) -> str:
        """An expression of any kind: an existing value, an element, a new one."""
        kind = self.random.choice(KINDS)
        if self.chance(0.5):
            return self.name(kind)
        if self.chance(0.3):
            return self.element()
        return self.make(kind)

    def element(self) -> str:
        """An expression that reads out of something and may raise."""
        n = self.number(0, 2)
        return self.pick(
            self.item("l", n),
            self.item("l", n),
            f"{self.name('d')}.get({n})",
            f"{self.name('d')}.get('a')",
            f"{self.name('d')}['a']"
            if self.chance(0.3)
            else f"{self.name('d')}.get(('a', {n}), 'no')",
            f"{self.item('g', n)}",
            f"{self.name('o')}.value",
            f"{self.name('o')}.links",
            f"{self.name('o')}.size",
            self.item("t", n),
            f"{self.name('s')}[{n}:]",
            f"len({self.name('l')})",
            f"sorted({self.name('l')}, key=lambda v: type(v).__name__)",
            f"({self.name('l')} or {self.name('d')})",
            f"[*{self.name('l')}, {n}]",
            f"sum(v for v in range({n}))",
            f"(lambda v, w={n}: [v, w])({self.name('n')})",
        )

    def item(self, kind: str, n: int) -> str:
        """An element by index, seldom without a look at the length."""
        name = self.name(kind)
        return (
            f"{name}[{n}]" if self.chance(0.15) else f"({name}[{n}] if len({name}) > {n} else {n})"
        )

    def guarded(self, depth: int, name: str, length: int, line: str) -> None:
        """Emits a line that needs a length, seldom without a look at it."""
        self.emit(depth, line if self.chance(0.15) else f"if len({name}) > {length}: {line}")

    def condition(self) -> str:
        a, b = self.number(), self.number()
        return self.pick(
            f"{self.name('n')} > {a}",
            f"{a} < {self.name('n')} < {a + b}",
            f"{self.name('l')}",
            f"not {self.name('d')}",
            f"len({self.name('l')}) > {b}",
            f"{self.name('s')} == 'x{a}'",
            f"{self.name('n')} and {self.name('t')}",
            f"isinstance({self.value()}, (int, list))",
            f"{self.name('l')} is {self.name('l')}",
            f"(w := {self.name('n')}) != {a} and w",
            "True" if self.chance(0.5) else "False",
        )

    def call(self) -> str:
        """A call of a function defined earlier, or a constructor."""
        if not self.functions:
            return self.make("o")
        name, count, is_generator = self.random.choice(self.functions)
        arguments = [self.value() for _ in range(count)]
        if count and self.chance(0.3):
            arguments = [f"*[{', '.join(arguments)}]"]
        if self.chance(0.3):
            arguments.append(f"option={self.value()}")
        call = f"{name}({', '.join(arguments)})"
        return f"list({call})" if is_generator else call

    # -- simple statements -------------------------------------------------------------------------

    def assign(self, depth: int) -> None:
        kind = self.random.choice(KINDS)
        known = self.scope.names[kind]
        if known and self.chance(0.5):
            target = self.random.choice(known)
        else:
            target = f"{kind}{len(known)}"
            value = self.name(kind) if self.chance(0.4) else self.make(kind)
            self.emit(depth, f"{target} = {value}")
            self.bind(depth, kind, target)
            return
        self.emit(depth, f"{target} = {self.name(kind) if self.chance(0.5) else self.make(kind)}")

    def bind(self, depth: int, kind: str, target: str) -> None:
        """A name bound only inside a block may stay unbound: it is not used later."""
        if depth == self.base_depth and target not in self.scope.names[kind]:
            self.scope.names[kind].append(target)

    def change_list(self, depth: int) -> None:
        name, n = self.name("l"), self.number(0, 3)
        if self.chance(0.4):
            self.guarded(
                depth,
                name,
                n,
                self.pick(
                    f"{name}[{n}] = {self.value()}",
                    f"del {name}[{n}]",
                    f"{name}.pop({n})",
                    f"{name}[0], {name}[-1] = {name}[-1], {name}[0]",
                    f"{name}[{n}] = [{name}[{n}], {n}]",
                    f"names.append({name}[{n}] is {name}[0])",
                ),
            )
            return
        self.emit(
            depth,
            self.pick(
                f"{name}.append({self.value()})",
                f"{name}.insert({n}, {self.value()})",
                f"{name}[{n}:{n + 1}] = [{self.value()}, {n}]",
                f"{name} += [{self.value()}]"
                if name.isidentifier() and name != "names"
                else f"{name}.reverse()",
                f"{name}.sort(key=lambda v: type(v).__name__)"
                if self.chance(0.2)
                else f"{name}.extend({self.name('t')})",
                f"{name}[:] = {name}[:6]",
                f"list(map({name}.append, {self.name('t')}))",
                f"heapq.heappush([v for v in {name} if type(v) is int], {n})",
                f"numbers = [v for v in {name} if type(v) is int]; numbers.sort(); "
                f"bisect.insort(numbers, {n}); heapq.heappop(numbers)",
            ),
        )

    def change_nested(self, depth: int) -> None:
        name, a, b = self.name("g"), self.number(0, 2), self.number(0, 2)
        if self.chance(0.7):
            self.guarded(
                depth,
                name,
                max(a, b),
                self.pick(
                    f"{name}[{a}][{b}:{b + 1}] = [{self.value()}]",
                    f"{name}[{a}][{b}] = {self.value()}"
                    if self.chance(0.2)
                    else f"{name}[{a}] += [{self.value()}]",
                    f"{name}[{a}].append({self.number()})",
                    f"{name}[{a}] = {name}[{b}]",
                    f"{name}[{a}], {name}[{b}] = {name}[{b}], {name}[{a}]",
                ),
            )
            return
        self.emit(
            depth,
            self.pick(
                f"for row in {name}[:4]: row.append(len(row))",
                f"{name}.append({self.name('l')})",
            ),
        )

    def change_dict(self, depth: int) -> None:
        name, n = self.name("d"), self.number(0, 3)
        self.emit(
            depth,
            self.pick(
                f"{name}[{n}] = {self.value()}",
                f"{name}['a'] = {self.value()}",
                f"{name}.setdefault('k{n}', []).append({self.value()})",
                f"{name}[{n}] = {name}.get({n}, 0), {n}",
                f"{name}.update(z={self.value()})",
                f"if 'a' in {name}: del {name}['a']",
                f"{name}.pop({n}, None)",
                f"{name}['k{n}'] = {name}.pop('k{n}', {n})",
                f"{name}[({n}, 'k')] = {self.name('l')}",
                f"{name}.clear()" if self.chance(0.3) else f"{name}['self'] = {name}",
            ),
        )

    def change_object(self, depth: int) -> None:
        name, n = self.name("o"), self.number(0, 3)
        self.emit(
            depth,
            self.pick(
                f"{name}.value = {self.value()}",
                f"{name}.value = [{name}.value, {n}]",
                f"{name}.value += {n}" if self.chance(0.3) else f"{name}.links += [{n}]",
                f"{name}.grow({self.value()})",
                f"{name}.links.append({self.name('o')})",
                f"{name}.extra = {self.name('o')}",
                f"{name}.swap({self.name('o')})",
                f"setattr({name}, 'a{n}', {self.value()})",
                f"del {name}.extra" if self.chance(0.2) else f"{name}.extra = None",
                f"if {name}.links: {name}.links[-1] = {self.value()}",
                f"{name}.__dict__['b{n}'] = {self.value()}",
                "Node.made += 1",
            ),
        )

    def change_other(self, depth: int) -> None:
        n, text = self.number(), self.name("s")
        self.emit(
            depth,
            self.pick(
                f"{self.name('e')}.add({n})",
                f"{self.name('e')}.discard({n})",
                f"{text} += 'y{n}'" if text.isidentifier() else f"names.append({text})",
                f"{self.augmented()}",
                f"names.append({self.name('n')})",
                f"shared['a'].append({n})",
                f"shared['b'][1] = {self.value()}",
                f"a0, *a1 = {self.name('l')}, {n}",
                f"a0, (a1, *a2) = {n}, {self.name('l')} or [0]",
                f"a0, (a1, a2) = {n}, {self.name('t')}"
                if self.chance(0.3)
                else f"*a0, a1 = {self.name('t')} + (1,)",
                f"a0 = a1 = {self.name('l')}",
                f"a0 = [v for v in {self.name('l')} if v]",
                f"a1 = {{v: [v] for v in range({n % 4})}}",
                f"print({self.name('n')})",
                "pass",
            ),
        )

    def augmented(self) -> str:
        known = [name for name in self.scope.names["n"] if name.isidentifier()]
        if not known:
            return "names.reverse()"
        operator = self.pick("+=", "-=", "*=", "//=", "%=")
        return f"{self.random.choice(known)} {operator} {self.number(1, 5)}"

    def use_call(self, depth: int) -> None:
        self.emit(
            depth,
            self.pick(
                f"r = {self.call()}",
                f"{self.call()}",
                f"names.append(type({self.call()}).__name__)",
            ),
        )

    def raise_something(self, depth: int) -> None:
        if self.chance(0.6 if depth > self.base_depth else 0.15):
            self.emit(
                depth,
                f"if {self.condition()}: "
                f"raise {self.pick('ValueError', 'KeyError', 'LookupError')}({self.value()})",
            )
        elif self.in_loop and self.chance(0.7):
            self.emit(depth, f"if {self.condition()}: {self.pick('break', 'continue')}")
        elif self.chance(0.4):
            self.emit(depth, f"assert {self.condition()}, {self.name('n')}")
        else:
            self.emit(
                depth,
                f"if {self.condition()}: names.append({self.number()}); "
                f"total_here = {self.value()}",
            )

    def drop(self, depth: int) -> None:
        name = self.fresh("v")
        self.emit(depth, f"{name} = {self.value()}")
        self.emit(
            depth,
            self.pick(f"del {name}", f"{name} = None", f"names.append({name} is None); del {name}"),
        )

    # -- blocks ------------------------------------------------------------------------------------

    def block(self, depth: int, budget: int) -> None:
        for _ in range(self.number(1, max(1, budget))):
            self.statement(depth, budget - 1)

    def statement(self, depth: int, budget: int) -> None:
        is_deep = depth - self.base_depth >= DEPTH or budget < 1
        simple: list[Callable[[int], None]] = [
            self.assign,
            self.assign,
            self.change_list,
            self.change_list,
            self.change_nested,
            self.change_dict,
            self.change_object,
            self.change_object,
            self.change_other,
            self.use_call,
            self.raise_something,
            self.drop,
        ]
        if is_deep or self.chance(0.6):
            self.random.choice(simple)(depth)
            return
        compound = [
            self.if_block,
            self.for_block,
            self.for_block,
            self.while_block,
            self.try_block,
            self.try_block,
            self.with_block,
            self.match_block,
            self.nested_function,
        ]
        self.random.choice(compound)(depth, budget)

    def if_block(self, depth: int, budget: int) -> None:
        self.emit(depth, f"if {self.condition()}:")
        self.block(depth + 1, budget)
        if self.chance(0.4):
            self.emit(depth, f"elif {self.condition()}:")
            self.block(depth + 1, budget)
        if self.chance(0.4):
            self.emit(depth, "else:")
            self.block(depth + 1, budget)

    def for_block(self, depth: int, budget: int) -> None:
        name, n = self.fresh("i"), self.number(1, 3)
        head = self.pick(
            f"for {name} in range({n}):",
            f"for {name} in {self.name('l')}[:3]:",
            f"for {name}, other in list({self.name('d')}.items())[:3]:",
            f"for {name}, other in enumerate({self.name('s')}[:3]):",
            f"for {name} in list({self.name('e')})[:1]:",
            f"for {name} in (v * 2 for v in range({n})):",
            f"for {name}, other in zip({self.name('l')}[:2], {self.name('t')}):",
        )
        self.emit(depth, head)
        self.loop_body(depth, budget)

    def while_block(self, depth: int, budget: int) -> None:
        name = self.fresh("c")
        self.emit(depth, f"{name} = {self.number(1, 4)}")
        self.emit(depth, f"while {name} > 0:")
        self.emit(depth + 1, f"{name} -= 1")
        self.loop_body(depth, budget)

    def loop_body(self, depth: int, budget: int) -> None:
        self.in_loop += 1
        self.block(depth + 1, budget)
        self.in_loop -= 1
        if self.chance(0.2):
            self.emit(depth, "else:")
            self.block(depth + 1, 1)

    def try_block(self, depth: int, budget: int) -> None:
        self.emit(depth, "try:")
        self.block(depth + 1, budget)
        has_except = self.chance(0.85)
        if has_except:
            if self.chance(0.4):
                caught = self.pick("KeyError", "ValueError", "(IndexError, TypeError)")
                self.emit(depth, f"except {caught} as error:")
                self.emit(depth + 1, "names.append(type(error).__name__)")
                if self.chance(0.2):
                    self.emit(depth + 1, self.pick("raise", "raise LookupError('from') from error"))
            self.emit(
                depth, "except Exception as error:" if self.chance(0.6) else "except Exception:"
            )
            self.block(depth + 1, 1)
            if self.chance(0.3):
                self.emit(depth, "else:")
                self.block(depth + 1, 1)
        if not has_except or self.chance(0.3):
            self.emit(depth, "finally:")
            self.in_loop, saved = 0, self.in_loop
            self.block(depth + 1, 1)
            self.in_loop = saved

    def with_block(self, depth: int, budget: int) -> None:
        target = self.pick("", " as w", " as w")
        second = self.pick("", f", Guard(False){' as w2' if self.chance(0.5) else ''}")
        self.emit(depth, f"with Guard({self.pick('True', 'False')}){target}{second}:")
        self.block(depth + 1, budget)

    def match_block(self, depth: int, budget: int) -> None:
        self.emit(depth, f"match {self.value()}:")
        for pattern in self.random.sample(
            [
                "[m0, *m1]",
                "{'a': m0, **m1}",
                "int(m0)",
                "Node(value=m0)",
                "0 | 1 | None",
                "(m0, m1)",
            ],
            2,
        ):
            self.emit(depth + 1, f"case {pattern}{self.pick('', f' if {self.condition()}')}:")
            self.block(depth + 2, budget - 1)
        if self.chance(0.6):
            self.emit(depth + 1, "case _:")
            self.block(depth + 2, 1)

    def nested_function(self, depth: int, budget: int) -> None:
        if not self.in_function:
            self.assign(depth)
            return
        name, variable = self.fresh("inner"), self.fresh("free")
        self.emit(depth, f"{variable} = {self.value()}")
        self.emit(depth, f"def {name}(p, q={self.name('l')}):")
        if self.chance(0.5):
            self.emit(depth + 1, f"nonlocal {variable}")
            self.emit(depth + 1, f"{variable} = [{variable}, p]")
        self.emit(
            depth + 1,
            f"q = [p, {variable}]"
            if self.chance(0.5)
            else f"names.append(type({variable}).__name__)",
        )
        self.emit(depth + 1, self.pick("return q", f"return {variable}", "return p"))
        self.emit(
            depth,
            self.pick(
                f"r = {name}({self.value()})", f"r = [{name}(v) for v in range(2)]", f"r = {name}"
            ),
        )
        if self.chance(0.4):
            self.emit(depth, f"{variable} = {self.name('n')}")

    def bind_all(self, depth: int) -> None:
        """One variable of every kind, in any order."""
        for kind in self.random.sample(KINDS, len(KINDS)):
            self.emit(depth, f"{kind}0 = {self.make(kind)}")
            self.bind(depth, kind, f"{kind}0")

    # -- functions and the module ------------------------------------------------------------------

    def function(self) -> None:
        name, count = self.fresh("function"), self.number(0, 3)
        self.scope, self.base_depth, self.in_function = Scope(), 1, True
        is_generator = self.chance(0.2)
        parameters = [f"p{i}" for i in range(count)]
        if count and self.chance(0.3):
            parameters.insert(1, "/")
        tail = self.pick(
            "option=None",
            "option=[]",
            "*rest, option=0",
            "option=1, **others",
            "*rest, option=None, **others",
        )
        self.emit(0, f"def {name}({', '.join([*parameters, tail])}):")
        self.emit(1, "spend()")
        if self.chance(0.4):
            self.emit(1, "global total")
            self.emit(1, f"total += {self.number()}")
        self.bind_all(1)
        for _ in range(self.number(3, 6)):
            self.statement(1, 3)
            if is_generator and self.chance(0.5):
                self.emit(1, f"yield {self.value()}")
        if is_generator:
            self.emit(1, "yield total")
        self.emit(1, f"return {self.value()}")
        self.emit(0, "")
        self.emit(0, "")
        self.functions.append((name, count, is_generator))

    def module_statements(self) -> None:
        self.scope, self.base_depth, self.in_function = Scope(), 0, False
        self.bind_all(0)
        for _ in range(self.number(2, 5)):
            self.statement(0, 2)

    def program(self) -> str:
        """The text of the program."""
        self.out.extend(HEADER.format(seed=self.seed).splitlines())
        for _ in range(self.number(2, 4)):
            self.function()
        self.emit(0, "def main():")
        self.scope, self.base_depth, self.in_function = Scope(), 1, True
        self.bind_all(1)
        for _ in range(self.number(3, 6)):
            self.statement(1, 2)
        for name, count, is_generator in self.functions:
            arguments = ", ".join(self.value() for _ in range(count))
            call = f"{name}({arguments})"
            self.emit(1, "try:")
            self.emit(2, f"names.append(repr(type({f'list({call})' if is_generator else call})))")
            self.emit(1, "except (Exception, SystemExit) as error:")
            self.emit(2, "names.append(type(error).__name__)")
        self.emit(
            1, "print([v for v in names if type(v) in (str, int)], total, calls_left, len(shared))"
        )
        self.emit(0, "")
        self.emit(0, "")
        self.emit(0, 'if __name__ == "__main__":')
        self.emit(1, "main()")
        self.module_statements()
        return "\n".join(self.out) + "\n"


def program(seed: int) -> str:
    """The text of the random program of this seed."""
    return Generator(seed).program()


def long_function(n_lines: int = 300) -> str:
    """A function of about `n_lines` lines: loops, branches, tries."""
    chooser = random.Random(n_lines)
    body: list[str] = ["total, items, table = 0, [], {}"]
    while len(body) < n_lines:
        n = len(body)
        body += chooser.choice(
            [
                [f"total += {n}", f"items.append(total % {n + 1})"],
                [
                    f"for i{n} in range(3):",
                    f"    total -= i{n}",
                    f"    table[i{n}, {n}] = items[-1:]",
                ],
                [
                    f"if total % {n % 7 + 2}:",
                    f"    v{n} = [total]",
                    "else:",
                    f"    v{n} = {{'n': {n}}}",
                    f"items.append(v{n})",
                ],
                [f"w{n} = 3", f"while w{n}:", f"    w{n} -= 1"],
                [
                    "try:",
                    f"    total += items[{n}]",
                    "except (IndexError, TypeError) as error:",
                    "    table['e'] = type(error).__name__",
                    "finally:",
                    "    total += 1",
                ],
                [f"squares = [k * {n} for k in range(3)]", "del items[:1]"],
                [f"for k in range({n % 3}): total += k"],
            ]
        )
    lines = ["    " + line for line in body]
    head = '"""A function longer than line events can reach cheaply."""\n\n\ndef main():\n'
    return (
        head
        + "\n".join(lines)
        + '\n    print(total, len(items), len(table))\n\n\nif __name__ == "__main__":\n    main()\n'
    )


def long_module(n_lines: int = 500) -> str:
    """A module body of about `n_lines` lines: functions, classes and loops among statements."""
    chooser = random.Random(n_lines)
    body: list[str] = [
        '"""A module body longer than line events can reach cheaply."""',
        "",
        "total = 0",
        "items = []",
        "table = {}",
    ]
    while len(body) < n_lines:
        n = len(body)
        body += chooser.choice(
            [
                [f"total += {n}", "items.append(total)"],
                [
                    "",
                    "",
                    f"def function{n}(x, y=items):",
                    "    global total",
                    f"    total -= x % {n}",
                    "    y.append(x)",
                    "    return len(y)",
                    "",
                    "",
                    f"size{n} = function{n}({n})",
                ],
                [
                    "",
                    "",
                    f"class Class{n}:",
                    f"    field = {n}",
                    "    rows = [field]",
                    "",
                    "    def read(self):",
                    "        return self.rows",
                    "",
                    "",
                    f"object{n} = Class{n}()",
                    f"object{n}.read().append(total)",
                ],
                ["for i in range(3):", f"    table[i, {n}] = i", "    total -= 1"],
                [
                    f"if total % {n % 5 + 2} == 0:",
                    f"    table['even'] = [{n}]",
                    "else:",
                    f"    table['odd'] = {n}",
                ],
                [
                    "try:",
                    f"    total += table['even'][{n % 2}]",
                    "except (KeyError, IndexError, TypeError) as error:",
                    "    items[:3] = [type(error).__name__]",
                ],
                [f"kept = [k for k in range({n % 4})]", "del items[:-5]"],
            ]
        )
    body += [
        "",
        "",
        "def main():",
        "    print(total, len(items), len(table))",
        "",
        "",
        'if __name__ == "__main__":',
        "    main()",
    ]
    return "\n".join(body) + "\n"


def write_all(folder: Path, count: int = 500) -> list[Path]:
    """Writes `count` random programs and the long ones into a folder; gives their paths."""
    texts = {f"generated_{seed:04}": program(seed) for seed in range(count)}
    texts["long_function_300"] = long_function(300)
    texts["long_module_500"] = long_module(500)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, text in texts.items():
        path = folder / f"{name}.py"
        path.write_text(text)
        paths.append(path)
    return paths


if __name__ == "__main__":
    write_all(Path(sys.argv[1]), *map(int, sys.argv[2:3]))
