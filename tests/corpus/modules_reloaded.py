"""Modules made on the spot: imported, reloaded after a change, with __getattr__ and __all__."""

import contextlib
import importlib
import os
import pathlib
import shutil
import sys
import tempfile

FIRST = """
import sys
counter = globals().get("counter", 0) + 1
__all__ = ["visible", "counter"]
visible, _hidden, invisible = 1, 2, 3
def answer():
    return "first"
def __getattr__(name):
    if name.startswith("lazy"):
        return name.upper()
    raise AttributeError(name)
"""
SECOND = FIRST.replace('"first"', '"second version"').replace("visible, _hidden", "added, _hidden")


def write(name, text):
    pathlib.Path(name).write_text(text)
    importlib.invalidate_caches()


def load():
    import corpus_reloaded

    return corpus_reloaded


with contextlib.chdir(tempfile.mkdtemp()):
    sys.path.insert(0, ".")
    sys.dont_write_bytecode, kept = True, sys.dont_write_bytecode
    write("corpus_reloaded.py", FIRST)
    module = load()
    old_answer = module.answer
    print(module.counter, module.answer(), module.lazy_name, hasattr(module, "other"))
    from corpus_reloaded import *

    print(visible, counter, "invisible" in globals())
    write("corpus_reloaded.py", SECOND)
    importlib.reload(module)
    print(module.counter, module.answer(), old_answer(), counter, module.added, module.visible)
    del sys.modules["corpus_reloaded"]
    again = load()
    print(again is module, again.counter, again.answer())
    sys.path.remove(".")
    sys.dont_write_bytecode = kept
    del sys.modules["corpus_reloaded"]
    shutil.rmtree(os.getcwd())
