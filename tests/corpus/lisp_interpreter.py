"""A tiny Lisp: read to nested lists, environments that chain, closures and recursion."""

import operator as op


class Scope(dict):
    def __init__(self, names=(), values=(), outer=None):
        super().__init__(zip(names, values))
        self.outer = outer

    def where(self, name):
        scope = self
        while name not in scope:
            scope = scope.outer
            if scope is None:
                raise NameError(name)
        return scope


def read(tokens):
    token = tokens.pop(0)
    if token == "(":
        items = []
        while tokens[0] != ")":
            items.append(read(tokens))
        tokens.pop(0)
        return items
    return int(token) if token.isdigit() else token


def evaluate(x, scope):
    if isinstance(x, str):
        return scope.where(x)[x]
    if isinstance(x, int):
        return x
    match x:
        case ["if", test, yes, no]:
            return evaluate(yes if evaluate(test, scope) else no, scope)
        case ["define", name, value]:
            scope[name] = evaluate(value, scope)
        case ["set", name, value]:
            scope.where(name)[name] = evaluate(value, scope)
        case ["lambda", parameters, body]:
            return lambda *args: evaluate(body, Scope(parameters, args, scope))
        case ["do", *steps]:
            return [evaluate(step, scope) for step in steps][-1]
        case [function, *arguments]:
            return evaluate(function, scope)(*[evaluate(a, scope) for a in arguments])


def run(text, scope):
    return evaluate(read(text.replace("(", " ( ").replace(")", " ) ").split()), scope)


scope = Scope(["+", "-", "<"], [op.add, op.sub, op.lt])
run("(define fib (lambda (n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2))))))", scope)
print(run("(fib 4)", scope))
run("(define make (lambda (n) (lambda (by) (do (set n (+ n by)) n))))", scope)
run("(define count (make 10))", scope)
print(run("(do (count 1) (count 5))", scope), run("(if (< 1 0) 1 2)", scope))
try:
    run("(missing 1)", scope)
except NameError as error:
    print("no", error)
