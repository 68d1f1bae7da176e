"""Patterns: which code of a running program is recorded.

A pattern is a file, a module, a function, or a glob of one of these:

| pattern | matches |
| --- | --- |
| `game.py`, `src/**/*.py` | all code of these files; a relative path matches at its end |
| `package`, `package.module` | all code of this module and of those below it |
| `package.module.Class.method` | this method and the functions inside it |
| `Class.method`, `main`, `*.step` | functions so called, in the user's own files |
| `__main__` | all code of the main program, also of one that is in no file (`python -c`) |

`*` and `?` stay inside one folder or name, `**` crosses them, `[abc]` is one of these characters.
The *user's own files* are those outside the standard library and `site-packages`.

A [`Selection`][spacetimepy.patterns.Selection] is asked once for each code object when it first
runs. Patterns of files are tried once for each file, those of names for each code object.
It runs in the middle of the program, by the means of `spacetimepy._isolation`.
"""

from __future__ import annotations

import os
import re
from importlib.machinery import ModuleSpec

from spacetimepy._isolation import absolute, exact, isolate, stem_of
from spacetimepy._native import globals_of_running as _globals_of_running
from spacetimepy.errors import PatternError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import CodeType, FrameType
    from typing import Any

__all__ = ["FUNCTION", "LEAVE_ALONE", "LINE", "Pattern", "Selection", "is_own_file"]

isolate(globals())

# The second is the main program in a process that `multiprocessing` started.
_MAIN = ("__main__", "__mp_main__")
LEAVE_ALONE = 0
FUNCTION = 1
LINE = 2

_PACKAGE_FOLDER = os.path.dirname(os.path.abspath(__file__)) + os.sep
_STANDARD_LIBRARY = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
_INSTALLED = tuple(f"{os.sep}{name}{os.sep}" for name in ("site-packages", "dist-packages"))


def is_own_file(file: str) -> bool:
    """Whether the file is the user's own: not the standard library, not an installed package.

    >>> import os
    >>> is_own_file("/home/me/game.py"), is_own_file(os.__file__), is_own_file("<string>")
    (True, False, False)
    """
    return not (
        file.startswith(("<", _STANDARD_LIBRARY)) or any(folder in file for folder in _INSTALLED)
    )


class Pattern:
    """One pattern, read from its text.

    >>> Pattern("Particle.*").matches("/home/me/world.py", "world", "Particle.move")
    True
    >>> Pattern("src/*.py").matches("/home/me/src/deep/world.py", "world", "Particle.move")
    False
    """

    __slots__ = ("_expression", "is_file", "text")

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise UsageError(
                f"a pattern is a str such as 'game.py' or 'package.module', found {text!r}"
            )
        self.text = text
        separators = {os.sep, "/"}
        self.is_file = any(sep in text for sep in separators) or text.endswith(".py")
        problem = _problem(text, is_file=self.is_file)
        if problem is not None:
            raise PatternError(f"{text!r} is not a pattern: {problem}")
        if self.is_file:
            self._expression = re.compile(_file_expression(text))
        else:
            # A name stands for itself and everything below it.
            self._expression = re.compile(f"{_glob_expression(text, separator='.')}(?:\\..*)?")

    def matches(self, file: str, module: str, qualname: str) -> bool:
        """Whether code of this file, module and qualified name is meant.

        Args:
            file: The absolute path of its file.
            module: The dotted name of its module.
            qualname: Its `co_qualname`.

        >>> Pattern("json").matches("/usr/lib/python3.13/json/decoder.py", "json.decoder", "scan")
        True
        """
        if self.is_file:
            return self._expression.fullmatch(file) is not None
        name = qualname.replace(".<locals>", "")
        dotted = module if name == "<module>" else f"{module}.{name}"
        if self._expression.fullmatch(dotted) is not None:
            return True
        return (
            name != "<module>"
            and is_own_file(file)
            and self._expression.fullmatch(name) is not None
        )

    def __repr__(self) -> str:
        return f"Pattern({self.text!r})"


class Selection:
    """What to record, as asked for by patterns.

    Args:
        function: Patterns of code to record at function granularity.
        line: Patterns of code to record at line granularity; they win over `function`.
        own_files: Record the user's own files at function granularity as well.
        main_line: Record the main program's own code at line granularity as well.

    >>> code = compile("x = 1", "/home/me/game.py", "exec")
    >>> Selection(line=["game.py"]).granularity(code, module="game") == LINE
    True
    """

    def __init__(
        self,
        *,
        function: str | Iterable[str] = (),
        line: str | Iterable[str] = (),
        own_files: bool = False,
        main_line: bool = False,
    ) -> None:
        self._function = _patterns(function, option="function")
        self._line = _patterns(line, option="line")
        self._own_files = own_files
        self._main_line = main_line
        self._matched: set[str] = set()
        # What is asked of each code object; the rest is answered once for a file and module.
        asked = [(p, LINE) for p in self._line] + [(p, FUNCTION) for p in self._function]
        self._file_patterns = [pair for pair in asked if pair[0].is_file]
        self._name_patterns = [pair for pair in asked if not pair[0].is_file]
        self._answers: dict[tuple[str, str], int] = {}

    def words(self) -> list[tuple[str, str]]:
        """What it was made with, for [`of_words`][spacetimepy.patterns.Selection.of_words].

        >>> Selection(line=["game.py"], own_files=True).words()
        [('selection', ''), ('line', 'game.py'), ('own_files', '')]
        """
        words = [("selection", "")]
        words += [("function", _as_absolute(pattern.text)) for pattern in self._function]
        words += [("line", _as_absolute(pattern.text)) for pattern in self._line]
        words += [("own_files", "")] if self._own_files else []
        words += [("main_line", "")] if self._main_line else []
        return words

    @classmethod
    def of_words(cls, words: Mapping[str, list[str]]) -> Selection | None:
        """The selection in another process that these words tell of, by name; or none.

        >>> Selection.of_words({"selection": [""], "line": ["game.py"]}).unmatched()
        ['game.py']
        """
        if "selection" not in words:
            return None
        return cls(
            function=words.get("function", ()),
            line=words.get("line", ()),
            own_files="own_files" in words,
            main_line="main_line" in words,
        )

    def __call__(self, code: CodeType) -> int:
        """Decides about a code object that is about to run; never raises."""
        try:
            # The caller is the recorder, called by the interpreter at the start of that code.
            globals = _globals_of_running(code)
            return self._granularity_in(globals or {}, code)
        except Exception:
            return LEAVE_ALONE

    def _granularity_in(self, globals: dict[str, Any], code: CodeType) -> int:
        module, found_as = _module_name(globals), _name_it_was_found_by(globals)
        return self.granularity(code, module=module, found_as=found_as)

    def granularity(self, code: CodeType, *, module: str, found_as: str = "") -> int:
        """`LEAVE_ALONE`, `FUNCTION` or `LINE`, for code of this module.

        Args:
            code: The code.
            module: What the module is called, as `__main__`.
            found_as: The name that the import system found it by, if it did.

        >>> code = compile("x = 1", "/home/me/game.py", "exec")
        >>> Selection(function=["other"]).granularity(code, module="game") == LEAVE_ALONE
        True
        """
        named = exact(code.co_filename)
        if named.startswith(("<frozen ", _PACKAGE_FOLDER)):
            return LEAVE_ALONE
        answer = self._answers.get((named, module))
        if answer is None:
            answer = self._answers[named, module] = self._granularity_of_file(named, module)
        if self._name_patterns:
            return max(answer, self._granularity_of_name(code, module, found_as))
        return answer

    def _granularity_of_file(self, named: str, module: str) -> int:
        """What everything but the patterns of names says: the same for all code of a file."""
        file = _path(named)
        answer = self._granularity_by(self._file_patterns, file, [module], "")
        if self._main_line and module in _MAIN and not file.startswith("<"):
            return LINE
        if self._own_files and is_own_file(file):
            return max(answer, FUNCTION)
        return answer

    def _granularity_of_name(self, code: CodeType, module: str, found_as: str) -> int:
        file = _path(exact(code.co_filename))
        modules = [module]
        if module in _MAIN:
            # A package runs as the module `__main__` in it.
            other = found_as or stem_of(file)
            modules = ["__main__", other, other.removesuffix(".__main__")]
        elif not module:
            modules = [stem_of(file)]
        return self._granularity_by(self._name_patterns, file, modules, exact(code.co_qualname))

    def _granularity_by(
        self, patterns: list[tuple[Pattern, int]], file: str, modules: list[str], qualname: str
    ) -> int:
        answer = LEAVE_ALONE
        # All are tried, not the first alone: each one that matches something counts as used.
        for pattern, granularity in patterns:
            if any(pattern.matches(file, module, qualname) for module in modules):
                self._matched.add(pattern.text)
                answer = max(answer, granularity)
        return answer

    def note_running(self, frame: FrameType | None) -> None:
        """Counts patterns as used that match code which runs already, and so is not recorded.

        >>> import sys
        >>> selection = Selection(line=["spacetimepy.patterns"])
        >>> selection.note_running(sys._getframe())
        >>> selection.unmatched()
        []
        """
        while frame is not None:
            self._granularity_in(frame.f_globals, frame.f_code)
            frame = frame.f_back

    def unmatched(self) -> list[str]:
        """The patterns that matched nothing so far.

        >>> Selection(line=["game.py"]).unmatched()
        ['game.py']
        """
        patterns = [*self._line, *self._function]
        return [p.text for p in patterns if p.text not in self._matched]

    def check_all_matched(self) -> None:
        """Raises an error that names the patterns that matched nothing.

        Raises:
            PatternError: A pattern matched no code that ran.

        >>> Selection(line=["game.py"]).check_all_matched()
        Traceback (most recent call last):
        ...
        spacetimepy.errors.PatternError: no code that ran matches 'game.py'
        """
        unmatched = self.unmatched()
        if unmatched:
            raise PatternError("no code that ran matches " + ", ".join(map(repr, unmatched)))


def _as_absolute(pattern: str) -> str:
    """A pattern that means the same in a process with another working directory."""
    return absolute(pattern) if pattern.startswith(("./", "../")) else pattern


def _module_name(globals: dict[str, Any]) -> str:
    return exact(dict.get(globals, "__name__"))


_members_of_spec = vars(ModuleSpec)["__dict__"].__get__


def _name_it_was_found_by(globals: dict[str, Any]) -> str:
    """That of the module which `-m` ran as `__main__`, for one; nothing for a script."""
    spec = dict.get(globals, "__spec__")
    return exact(_members_of_spec(spec).get("name")) if type(spec) is ModuleSpec else ""


def _path(named: str) -> str:
    return named if named.startswith("<") else absolute(named)


def _patterns(texts: str | Iterable[str], *, option: str) -> list[Pattern]:
    if isinstance(texts, str):
        texts = (texts,)
    try:
        return [Pattern(text) for text in texts]
    except TypeError:
        raise UsageError(f"{option}: expected a pattern or several, found {texts!r}") from None


def _problem(text: str, *, is_file: bool) -> str | None:
    """What is wrong with the text of a pattern."""
    if not text.strip():
        return "it is empty"
    if text != text.strip() or any(character < " " for character in text):
        return "it has spaces at an end or control characters"
    if text.count("[") != text.count("]"):
        return "a '[' and its ']' do not pair"
    if is_file:
        return None
    names = text.replace("**", "*").split(".")
    if not names[0] or not names[-1]:
        return "a dot stands at an end"
    if not all(names):
        return "there is an empty name between two dots"
    for name in names:
        plain = re.sub(r"\[[^\]]*\]|[*?]|<\w+>", "x", name)
        if not plain.isidentifier():
            return f"{name!r} is neither a name nor a glob of one (a file ends in .py or has a '/')"
    return None


def _file_expression(text: str) -> str:
    path = text.replace("/", os.sep)
    if path.startswith("~"):
        path = os.path.expanduser(path)
    if path.startswith((f".{os.sep}", f"..{os.sep}")):
        path = os.path.abspath(path)
    if path.endswith(os.sep):
        path += "**"
    expression = _glob_expression(path, separator=os.sep)
    return expression if os.path.isabs(path) else f"(?:.*{re.escape(os.sep)})?{expression}"


def _glob_expression(text: str, *, separator: str) -> str:
    """The regular expression of a glob whose `*` stays between separators."""
    inside = f"[^{re.escape(separator)}]"
    parts = []
    for token in re.findall(r"\*\*|\*|\?|\[[^\]]*\]|[^*?\[]+", text):
        if token == "**":
            parts.append(".*")
        elif token == "*":
            parts.append(f"{inside}*")
        elif token == "?":
            parts.append(inside)
        elif token.startswith("["):
            characters = re.escape(token[1:-1].lstrip("!")).replace(r"\-", "-")
            parts.append(f"[{'^' if token[1:2] == '!' else ''}{characters}]")
        else:
            parts.append(re.escape(token))
    # `a/**/b` also means `a/b`.
    expression = "".join(parts)
    escaped = re.escape(separator)
    return expression.replace(f"{escaped}.*{escaped}", f"{escaped}(?:.*{escaped})?")
