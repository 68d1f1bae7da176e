"""Memory read and written behind the interpreter's back."""
# says: a type whose contents are not read
# says: opaque

import ctypes


def main():
    buffer = bytearray(b"hello")
    array = (ctypes.c_char * 5).from_buffer(buffer)
    array[0] = b"j"
    print(buffer)
    ctypes.memset(ctypes.addressof(array), ord("z"), 2)
    print(buffer)
    values = (ctypes.c_int * 3)(1, 2, 3)
    pointer = ctypes.pointer(values)
    pointer.contents[1] = 20
    print(list(values))

    class Point(ctypes.Structure):
        _fields_ = [("x", ctypes.c_int), ("y", ctypes.c_double)]

    point = Point(1, 2.5)
    point.x = 7
    print(point.x, point.y)
    items = [1, 2]
    print(ctypes.cast(id(items), ctypes.py_object).value is items)
    callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda n: n + 1)
    print(callback(4))


main()
