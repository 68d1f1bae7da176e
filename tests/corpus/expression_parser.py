"""A tokeniser, a recursive-descent parser to tuples, an evaluator and a printer."""

import re


def tokens(text):
    yield from re.findall(r"\d+|[-+*/()]", text)
    yield "end"


class Parser:
    def __init__(self, text):
        self.source = tokens(text)
        self.advance()

    def advance(self):
        self.current = next(self.source)

    def take(self, *wanted):
        if self.current in wanted:
            token = self.current
            self.advance()
            return token
        return None

    def sum(self):
        tree = self.product()
        while operator := self.take("+", "-"):
            tree = (operator, tree, self.product())
        return tree

    def product(self):
        tree = self.atom()
        while operator := self.take("*", "/"):
            tree = (operator, tree, self.atom())
        return tree

    def atom(self):
        if self.take("("):
            tree = self.sum()
            if not self.take(")"):
                raise SyntaxError(f"not closed before {self.current}")
            return tree
        if self.take("-"):
            return ("neg", self.atom())
        token = self.current
        if not token.isdigit():
            raise SyntaxError(f"not expected: {token}")
        self.advance()
        return int(token)


def evaluate(tree):
    match tree:
        case int(number):
            return number
        case ("neg", below):
            return -evaluate(below)
        case (operator, left, right):
            a, b = evaluate(left), evaluate(right)
            return a + b if operator == "+" else a - b if operator == "-" else a * b if operator == "*" else a / b


tree = Parser("2*(3-1)+-4").sum()
print(tree, evaluate(tree))
for text in ("(1", "1+", "8/4/2"):
    try:
        print(evaluate(Parser(text).sum()))
    except SyntaxError as error:
        print(error)
