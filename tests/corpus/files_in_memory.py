"""BytesIO and StringIO, written and read in Python and by C code that was given them."""

import contextlib
import csv
import io
import json
import pickle
import sys


class Log(io.StringIO):
    n_lines = 0

    def write(self, text):
        self.n_lines += text.count("\n")
        return super().write(text)


class Upper(io.TextIOBase):
    def __init__(self):
        self.parts = []

    def write(self, text):
        self.parts.append(text.upper())
        return len(text)


class Holder:
    def __init__(self):
        self.out = io.StringIO()
        self.raw = io.BytesIO()


def text():
    file = io.StringIO()
    file.write("one\ntwo\n")
    print("three", 3, file=file)
    again = file
    file.seek(0)
    first = file.readline()
    rest = [line for line in file]
    file.seek(2)
    file.write("\u20ac\U0001f600")
    file.truncate()
    whole = file.getvalue()
    position = file.tell()
    file.close()
    return again, first, rest, whole, position


def raw():
    file = io.BytesIO(b"abcdef")
    view = file.getbuffer()
    view[1] = 88
    head = file.read(3)
    del view
    file.write(b"yz" * 3)
    target = bytearray(2)
    file.seek(1)
    n = file.readinto(target)
    lines = io.BytesIO(b"a\nb\nc")
    one = next(lines)
    two = list(lines)
    return file, head, n, target, one, two


def by_c_code():
    out = io.StringIO()
    csv.writer(out).writerow(["a", 1])
    csv.writer(out).writerows([["b", 2], ["c,d", 3]])
    out.seek(0)
    reader = csv.reader(out)
    row = next(reader)
    rows = list(reader)
    pickled = io.BytesIO()
    pickle.Pickler(pickled).dump([1, 2])
    pickled.seek(0)
    loaded = pickle.load(pickled)
    json.dump({"a": [1]}, out)
    return row, rows, loaded, out.getvalue()


def wrapped():
    raw = io.BytesIO(b"first\nsecond\n")
    file = io.TextIOWrapper(raw, encoding="utf-8", write_through=True)
    line = file.readline()
    file.seek(0, 2)
    file.write("third\n")
    file.flush()
    value = raw.getvalue()
    file.detach()
    return line, value, raw


def held():
    holder = Holder()
    files = {"out": holder.out}
    holder.out.write("a")
    files["out"].write("b")
    put(holder, "c")
    write = holder.raw.write
    write(b"x")
    list(map(write, [b"y", b"z"]))
    holder.out = None
    files.clear()
    return holder


def put(holder, text):
    holder.out.write(text)
    print(text, file=holder.out)


def captured():
    caught = io.StringIO()
    with contextlib.redirect_stdout(caught):
        print("to", "memory")
        sys.stdout.write("more")
    upper = Upper()
    print("loud", file=upper)
    log = Log()
    log.write("a\nb\n")
    log.writelines(["c\n", "d"])
    return caught.getvalue(), upper, log


print(text()[1:], raw()[1:])
print(by_c_code())
print(wrapped()[:2])
print(held().raw.getvalue())
print(captured()[0])
