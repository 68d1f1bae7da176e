"""bytes, bytearray, memoryview and struct."""

import struct


def checksum(data):
    total = 0
    for byte in data:
        total = (total * 31 + byte) & 0xFFFF
    return total


def main():
    data = b"abc" + bytes([0, 255])
    data += b"!"
    buffer = bytearray(4)
    alias = buffer
    struct.pack_into("<H", buffer, 1, 0x1234)
    view = memoryview(buffer)
    view[0] = 7
    view.release()
    buffer.extend(data[:2])
    numbers = struct.unpack("<BHB", alias[:4])
    print(checksum(data), buffer, numbers, data.hex())


if __name__ == "__main__":
    main()
