"""Buffers that change through another object: views, readers, C structures; unpickled parts."""

import ctypes
import io
import pickle


class Filled:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return get_target, (), None, iter([1, 2])


target = [0]


def get_target():
    return target


def views():
    memory = bytearray(b"12345678")
    view = memoryview(memory)
    io.BytesIO(b"ab").readinto(view)
    seen = memory[0]
    io.BytesIO(b"cd").readinto(view[2:])
    seen = memory[2]
    io.BytesIO(b"x").readinto(memory)
    seen = memory[0]
    numbers = (ctypes.c_uint8 * 8).from_buffer(memory)
    numbers[7] = 65
    seen = memory[7]
    return seen


def unpickling():
    data = pickle.dumps(Filled(None))
    items = target
    loaded = pickle.loads(data)
    size = len(items)
    return size, loaded is items


print(views())
print(unpickling())
