"""Files of the operating system: where they are read next, read ahead, given away, closed."""

import csv
import io
import os
import tempfile


class Numbered(io.BufferedReader):
    """A file that counts its lines."""

    def __init__(self, raw):
        super().__init__(raw)
        self.n_lines = 0

    def readline(self, size=-1):
        self.n_lines += 1
        return super().readline(size)


def in_bytes():
    with open(__file__, "rb") as file:
        start = file.read(3)
        line = file.readline()
        file.seek(10)
        ahead = file.peek(1)[:1]
        for line in file:
            size = len(line)
            if size > 5:
                break
        into = bytearray(4)
        n_read = file.readinto(into)
        end = file.seek(0, os.SEEK_END)
        nothing = file.read()
    return start, line, ahead, n_read, end > 0, nothing


def unbuffered():
    file = open(__file__, "rb", buffering=0)
    first = file.read(2)
    os.lseek(file.fileno(), 5, os.SEEK_SET)
    second = file.read(1)
    alias = file
    for line in file:
        if len(line) < 5:
            break
    for n, line in enumerate(file):
        if n == 2:
            break
    sizes = map(len, file)
    third = next(sizes)
    fourth = next(file)
    pairs = zip(file, file)
    fifth = next(pairs)
    alias.close()
    return first, second, third, fourth, fifth, file.closed


def below_others():
    raw = io.FileIO(__file__)
    buffer = io.BufferedReader(raw, 64)
    text = io.TextIOWrapper(buffer, encoding="utf-8")
    text.read(10)
    where = raw.tell() > 0
    for line in text:
        if line == "\n":
            break
    chunk = next(map(str.strip, text))
    text.close()
    return where, chunk, raw.closed


def opened_again():
    file = io.FileIO(__file__)
    first = file.read(3)
    file.__init__(os.devnull, "wb")
    mode = file.mode
    file.close()
    file.__init__(__file__)
    second = file.read(4)
    file.close()
    return first, mode, second


def given_away():
    file = open(__file__, "rb")
    text = io.TextIOWrapper(file, encoding="utf-8")
    rows = csv.reader(text)
    first = next(rows)
    text.seek(0)
    lines = [line for line in text if line.startswith("import")]
    held = [file, text]
    del file
    raw = text.detach()
    position = raw.tell() > 0
    raw.close()
    return first, lines, len(held), position


def subclassed():
    file = Numbered(io.FileIO(__file__))
    lines = [file.readline() for _ in range(3)]
    total = sum(map(len, lines))
    n_lines = file.n_lines
    file.close()
    return n_lines, total


def written():
    with tempfile.TemporaryFile() as file:
        file.write(b"abc")
        file.flush()
        file.write(b"de")
        where = file.tell()
        file.seek(1)
        got = file.read(2)
        file.write(b"Z")
        file.truncate()
    with tempfile.TemporaryFile("w+", encoding="latin-1", newline="\n") as text:
        text.write("line\n")
        print("more", file=text)
        text.seek(0)
        line = text.readline()
    return where, got, line, text.closed


def through_a_pipe():
    reader, writer = os.pipe()
    with open(reader, "rb") as source, open(writer, "wb", buffering=0) as target:
        n_written = target.write(b"some bytes")
        target.close()
        got = source.read(4)
        rest = source.read()
    return n_written, got, rest


print(in_bytes())
print(unbuffered())
print(below_others())
print(opened_again())
print(given_away())
print(subclassed())
print(written())
print(through_a_pipe())
