"""Binary records: struct packing, bytearrays edited in place, memoryviews, arrays, checksums."""

import struct
import zlib
from array import array

RECORD = struct.Struct("<hB4sd")


def encode(records):
    out = bytearray(b"HEAD")
    for number, flag, name, value in records:
        out += RECORD.pack(number, flag, name, value)
    out[0:4] = len(records).to_bytes(4, "big")
    return out


def decode(data):
    count = int.from_bytes(data[:4], "big")
    view = memoryview(data)[4:]
    found = []
    for at in range(0, count * RECORD.size, RECORD.size):
        number, flag, name, value = RECORD.unpack_from(view, at)
        found.append((number, bool(flag), name.rstrip(b"\0").decode(), value))
    return found


def patch(data):
    view = memoryview(data)
    view[4:6] = struct.pack("<h", -2)
    inner = view[6:7]
    inner[0] ^= 1
    inner.release()
    view.release()
    data.extend(b"end")
    del data[-1]
    data[-2:] = data[-1:-3:-1]
    return data[-2:]


def numbers():
    values = array("i", [3, 1, 2])
    values.extend(range(2))
    values[1:3] = array("i", [9])
    view = memoryview(values)
    view[0] = 100
    return values.tolist(), values.itemsize, sum(view), view.tolist()[::-1]


data = encode([(1, 1, b"one", 0.5), (2, 0, b"two", -1.25)])
print(decode(data), zlib.crc32(data))
print(patch(data), decode(data)[0], numbers())
print(bytes(reversed(b"abc")).hex("-"), bytearray(3).ljust(5, b"."), b"%d:%s" % (5, b"x"))
