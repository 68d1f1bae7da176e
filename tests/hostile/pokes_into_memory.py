"""What C code may write, written by ctypes: into buffers, structures, arrays and mapped memory."""
# says: a type whose contents are not read
# says: opaque
# says: it has no value apart

import array
import ctypes
import mmap


class Inner(ctypes.Structure):
    _fields_ = [("number", ctypes.c_int), ("letters", ctypes.c_char * 8)]


class Outer(ctypes.Structure):
    _fields_ = [("inner", Inner), ("next", ctypes.c_void_p), ("bits", ctypes.c_uint, 3)]


class Either(ctypes.Union):
    _fields_ = [("number", ctypes.c_uint32), ("bytes", ctypes.c_ubyte * 4)]


def address(buffer):
    return ctypes.addressof(ctypes.c_char.from_buffer(buffer))


def buffers():
    data, numbers = bytearray(b"0123456789"), array.array("i", range(5))
    alias, view = data, memoryview(data)[2:5]
    held = [data, numbers]
    ctypes.memmove(address(data) + 3, b"abc", 3)
    ctypes.memset(address(numbers) + 4, 1, 4)
    ctypes.c_int.from_buffer(numbers, 8).value = -7
    view[0] = 33
    view.release()
    size = len(held)
    return bytes(alias), numbers.tolist(), size


def structures():
    outer, either = Outer(), Either()
    number = ctypes.c_int.from_buffer(outer)
    number.value = 7
    outer.inner.letters = b"text"
    outer.bits = 13
    ctypes.memmove(ctypes.addressof(outer), b"\1\0\0\0xyz", 7)
    either.number = 0x01020304
    either.bytes[0] = 9
    pointer = ctypes.pointer(outer)
    pointer[0].inner.number = 8
    pointer.contents.next = ctypes.addressof(outer)
    again = ctypes.cast(outer.next, ctypes.POINTER(Outer))
    again.contents.inner.number += 1
    return number.value, outer.inner.letters, outer.bits, hex(either.number)


def mapped():
    memory = mmap.mmap(-1, 8192)
    view = memoryview(memory)
    view[:5] = b"first"
    ctypes.memset(address(memory) + 2, ord("x"), 2)
    words = view[:16].cast("I")
    words[3] = 2**32 - 1
    shape = view[:12].cast("B", [3, 4])
    text = memory[:6]
    try:
        memory.resize(4096)
    except BufferError as error:
        print(error)
    for one in (shape, words, view):
        one.release()
    return text, memory.find(b"xx"), memory[12:17]


def exports():
    data = bytearray(b"abcdef")
    views = [memoryview(data)[n:] for n in range(4)]
    results = []
    for change in (data.clear, lambda: data.append(1), lambda: data.__delitem__(0)):
        try:
            change()
        except BufferError as error:
            results.append(str(error)[:20])
    for view in views:
        view[0] = 65
        view.release()
    data.append(66)
    try:
        view[0]
    except ValueError as error:
        results.append(str(error)[:20])
    return data, results


def sorts():
    """C sorts by a function of Python's, in memory that an array of Python's holds."""
    numbers = (ctypes.c_int * 5)(3, 1, 5, 2, 4)
    kind = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.POINTER(ctypes.c_int)] * 2)

    @kind
    def compare(left, right):
        numbers_seen.append(left[0])
        return left[0] - right[0]

    numbers_seen = []
    library = ctypes.CDLL(None)
    library.qsort(numbers, 5, ctypes.sizeof(ctypes.c_int), compare)
    return list(numbers), len(numbers_seen) > 4


print(buffers(), structures(), mapped(), exports(), sorts())
