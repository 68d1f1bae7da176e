"""What the interpreter and a recorder build on, replaced by functions that count, raise or lie."""
# says: opaque _json.Scanner

import builtins
import gc
import json
import os
import sqlite3
import sys
import threading
import time
import types

counts = {}
names = [
    (builtins, "__import__ __build_class__ print exec compile open dict list set tuple object"),
    (sys, "_getframe exc_info settrace setprofile getrefcount intern exit audit addaudithook"),
    (os, "fork _exit getpid stat fsencode fspath register_at_fork urandom execv posix_spawn"),
    (threading, "Thread Lock RLock current_thread get_ident _shutdown settrace excepthook"),
    (time, "time monotonic perf_counter time_ns perf_counter_ns sleep"),
    (gc, "collect get_objects get_referents is_tracked disable enable freeze"),
    (sqlite3, "connect Connection Cursor"),
    (json, "dumps loads dump load"),
    (types, "CodeType FunctionType FrameType ModuleType"),
]


def counting(name, original):
    def replacement(*arguments, **options):
        counts[name] = counts.get(name, 0) + 1
        return original(*arguments, **options)

    return replacement


def raising(*arguments, **options):
    raise RuntimeError("patched")


def work(n):
    class Made:
        held = []

    import keyword

    for i in range(n):
        Made.held.append([i, keyword.kwlist[i]])
    items = {"all": Made.held}
    items["n"] = n
    return items


def main():
    kept = [(module, dict(vars(module))) for module, _ in names]
    tools, results = list(vars(sys.monitoring)), []
    for module, patched in names:
        for name in patched.split():
            original = vars(module)[name]
            if isinstance(original, type):
                continue
            setattr(module, name, counting(name, original))
    results.append(work(3))
    for module, patched in names:
        for name in patched.split():
            if name not in ("__import__", "__build_class__", "print"):
                setattr(module, name, raising)
    results.append(work(4))
    for name in tools:
        setattr(sys.monitoring, name, raising)
    results.append(work(5))
    for name in tools:
        delattr(sys.monitoring, name)
    del sys.monitoring
    results.append(work(6))
    for module, members in kept:
        vars(module).update(members)
    return results


print(main(), counts)
