"""Bound methods of types written in C as values: those that are given their class, and those that are not."""

import array
import re


def rules():
    found = [(re.compile(text).match, name) for text, name in ((r"\d+", "number"), (r"\w+", "name"))]
    text, tokens = "12 ab 7", []
    for word in text.split():
        for match, name in found:
            result = match(word)
            if result is not None:
                tokens.append((name, result.group()))
                break
    return tokens, found[0][0].__self__.pattern


def extending():
    numbers = array.array("i", [1])
    extend, append = numbers.extend, numbers.append
    extend([2, 3])
    append(4)
    add = {"all": extend, "one": append}["all"]
    add(array.array("i", [5]))
    methods = [numbers.tolist, "".join, [].append]
    methods.pop()([6])
    return methods[0]()


print(rules(), extending())
