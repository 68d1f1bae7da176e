"""ExitStack: managers entered in loops, callbacks, handing over, suppressed and replaced errors."""

from contextlib import ExitStack, nullcontext, redirect_stdout, suppress
from io import StringIO


class Resource:
    def __init__(self, name, log, fail=None):
        self.name, self.log, self.fail = name, log, fail

    def __enter__(self):
        if self.fail == "enter":
            raise OSError(self.name)
        self.log.append(f"+{self.name}")
        return self

    def __exit__(self, kind, error, traceback):
        self.log.append(f"-{self.name} {kind.__name__ if kind else ''}".strip())
        if self.fail == "exit":
            raise KeyError(self.name)


def open_all(names, log):
    with ExitStack() as stack:
        opened = [stack.enter_context(Resource(name, log, fail)) for name, fail in names]
        stack.callback(log.append, "callback")
        return opened, stack.pop_all()


def swallow(log):
    def keep(kind, error, traceback):
        log.append(repr(error))
        return kind is ValueError

    with ExitStack() as stack:
        stack.push(keep)
        stack.enter_context(suppress(KeyError))
        stack.enter_context(Resource("r", log, "exit"))
        log.append("body")
    with ExitStack() as stack:
        stack.push(keep)
        raise ValueError("kept")


log = []
opened, stack = open_all([("a", None), ("b", None)], log)
log.append("handed over")
stack.close()
try:
    open_all([("c", None), ("d", "enter")], log)
except OSError as error:
    log.append(error.args[0])
swallow(log)
with redirect_stdout(StringIO()) as out, nullcontext([1]) as plain:
    print("inside", plain)
print(log, out.getvalue().split())
