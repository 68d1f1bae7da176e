"""Gigabytes changed in their middle, a list of a hundred million, and a dict of a million."""
# says: larger than the size limit


def middle():
    data = bytearray(2 << 30)
    half = len(data) // 2
    data[half] = 1
    data[half : half + 4] = b"four"
    view = memoryview(data)
    view[half + 1] = 255
    view.release()
    data[-1] = 7
    found = data.find(b"\xff")
    del data[half:]
    data += b"end"
    data.clear()
    return found, len(data)


def items():
    many = [None] * 10**8
    many[10**7] = [1]
    many[10**7].append(2)
    many[5:8] = "abc"
    last = many.pop()
    del many[10:]
    many.append(last)
    return many


def table():
    names = dict.fromkeys(range(10**6))
    names["last"] = [1]
    names["last"].append(2)
    few = {name: names[name] for name in (0, "last")}
    names.clear()
    names.update(few)
    names[-1] = "few"
    return len(names), str(names)


def product():
    small = tuple(range(3))
    wide = small * 10**7
    alias = (wide, wide)
    text = "ab" * 10**8
    part = text[10**8 :: 10**7]
    return len(alias[0]), part


print(middle())
print(items())
print(product())
print(table())
