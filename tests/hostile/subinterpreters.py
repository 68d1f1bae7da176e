"""Other interpreters in the process run code of the same file while this one is recorded."""
# says: it has no value apart

import sys
import threading

if sys.version_info >= (3, 13):
    import _interpreters as interpreters
else:
    import _xxsubinterpreters as interpreters

SCRIPT = """
import os
def work(n):
    items = {}
    for i in range(n):
        items[i] = [i]
    return sum(map(len, items.values()))
total = work(50)
os.write(pipe, f"{total} {__name__}\\n".encode())
"""
FAILS = "def fails(n):\n    held = [n]\n    return held[n]\nfails(5)\n"
THREADS = """
import threading
def work():
    items = []
    for i in range(200):
        items.append([i])
threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""
# Tools are an interpreter's own.
TOOLS = """
import sys
found = []
for tool in range(6):
    if sys.monitoring.get_tool(tool) is None:
        sys.monitoring.use_tool_id(tool, "inner")
        found.append(tool)
sys.monitoring.register_callback(0, sys.monitoring.events.LINE, lambda *_: lines.append(1))
lines = []
sys.monitoring.set_events(0, sys.monitoring.events.LINE)
def work():
    a = 1
    return a
work()
sys.monitoring.set_events(0, 0)
os.write(pipe, f"{found} {len(lines)}\\n".encode())
sys.settrace(lambda *_: None)
sys.setprofile(lambda *_: None)
work()
"""


def compiled(text):
    """Names this file, whose code is recorded: a child knows nothing of the recorder."""
    return f"exec(compile({text!r}, {__file__!r}, 'exec'), globals())"


def run(number, text, pipe):
    try:
        found = interpreters.run_string(number, compiled(text), shared={"pipe": pipe})
    except interpreters.RunFailedError as error:
        return str(error).split("\n")[0]
    return None if found is None else found.formatted


def create():
    """An interpreter ends with the object that 3.12 gives: it is held where no value shows it."""
    sys.hostile_kept[threading.get_ident()] = interpreters.create()
    return int(sys.hostile_kept[threading.get_ident()])


def each(n, text, pipe):
    number = create()
    results = [run(number, text, pipe) for _ in range(n)]
    items = [number]
    items.append(len(results))
    interpreters.destroy(number)
    return results


def main():
    import os

    sys.hostile_kept = {}
    reading, writing = os.pipe()
    kept = []
    print(each(2, SCRIPT, writing), each(2, FAILS, writing))
    print(each(2, THREADS, writing), each(1, "import os\n" + TOOLS, writing))
    threads = [threading.Thread(target=each, args=(2, SCRIPT, writing)) for _ in range(3)]
    for thread in threads:
        thread.start()
        kept.append([thread])
    for thread in threads:
        thread.join()
    number = create()
    print(run(number, "import sys\nsys.exit(3)\n", writing))
    print(run(number, "left = [1]\n" + SCRIPT, writing))
    print(len(interpreters.list_all()))
    print(os.read(reading, 10_000).decode())
    return kept is not None


print(main())
