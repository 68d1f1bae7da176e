"""A recursive descent parser and evaluator for arithmetic, with error positions."""


class ParseError(Exception):
    def __init__(self, message, position):
        super().__init__(f"{message} at {position}")
        self.position = position


class Parser:
    def __init__(self, text):
        self.text, self.position = text, 0

    def peek(self):
        while self.position < len(self.text) and self.text[self.position] == " ":
            self.position += 1
        return self.text[self.position] if self.position < len(self.text) else ""

    def expression(self):
        left = self.term()
        while (op := self.peek()) and op in "+-":
            self.position += 1
            left = (op, left, self.term())
        return left

    def term(self):
        left = self.factor()
        while (op := self.peek()) and op in "*/":
            self.position += 1
            left = (op, left, self.factor())
        return left

    def factor(self):
        ch = self.peek()
        if ch == "(":
            self.position += 1
            inner = self.expression()
            if self.peek() != ")":
                raise ParseError("expected )", self.position)
            self.position += 1
            return inner
        start = self.position
        while self.peek().isdigit():
            self.position += 1
        if start == self.position:
            raise ParseError(f"unexpected {ch!r}", self.position)
        return int(self.text[start:self.position])


def evaluate(tree):
    match tree:
        case int():
            return tree
        case (op, left, right):
            a, b = evaluate(left), evaluate(right)
            return {"+": a + b, "-": a - b, "*": a * b, "/": a / b if b else None}[op]


def main():
    for text in ("1+2*3", "(1 + 2) * 3", "2*(3", "x"):
        try:
            tree = Parser(text).expression()
            print(tree, evaluate(tree))
        except ParseError as error:
            print(error, error.position)


if __name__ == "__main__":
    main()
