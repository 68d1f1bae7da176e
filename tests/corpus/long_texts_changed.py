"""Long texts that grow, shrink and change at all kinds of places, also around blocks of 1,024 bytes."""


def grow(size: int) -> int:
    body = b""
    text = ""
    held = []
    for number in range(6):
        body += bytes([number]) * size
        text += chr(65 + number) * size
        if number == 3:
            held.append(body)
    return len(body) + len(text) + len(held)


def change_in_place(size: int) -> bytearray:
    memory = bytearray(b"x" * size)
    for place in (0, 1, 1023, 1024, 1025, 2047, 2048, size - 1):
        memory[place] = 65
    memory[1024:1024] = b"inserted"
    memory[5:5] = b"i"
    del memory[1000:1100]
    del memory[:3]
    del memory[-1025:]
    memory.extend(b"y" * 1024)
    memory[512:1536] = b"z" * 1024
    memory[512:1536] = b"z" * 3000
    memory.reverse()
    memory *= 2
    memory.clear()
    memory += b"again"
    return memory


def repeat(size: int) -> bytearray:
    same = bytearray(b"ab" * size)
    same.insert(0, 97)
    same.insert(0, 98)
    same.pop()
    del same[1024:2048]
    same[100:100] = same[:1024]
    return same


class Holder:
    def __init__(self) -> None:
        self.body = b""
        self.word = "é" * 2000

    def add(self, more: bytes, letter: str) -> None:
        self.body = self.body + more
        self.word = self.word + letter * 1024
        self.body = self.body[1:]
        self.word = self.word[1:]


def main() -> None:
    grow(1024)
    grow(700)
    change_in_place(4096)
    change_in_place(5000)
    repeat(3000)
    holder = Holder()
    for letter in "aé€":
        holder.add(letter.encode() * 600, letter)


main()
