"""Dicts made where others died, below what lies where the holders of those died."""

import gc


class Table(dict):
    pass


class Node:
    def __init__(self, table):
        self.table = table


def made(n):
    table = Table(n=n)
    rows = [("key", table)]
    table.owner = rows
    return rows


def linked(n):
    node = Node({"n": n})
    node.all = [node]
    return node


def rows_again():
    total = 0
    for n in range(20):
        rows = made(n)
        total += rows[0][1]["n"]
        rows = None
        gc.collect()
    return total


def nodes_again():
    seen = []
    for n in range(20):
        node = linked(n)
        seen.append(node.table["n"])
        del node
        gc.collect()
    return seen


def both_kept(n):
    first = made(n)
    second = linked(n)
    return [first, second]


def kept_again():
    sizes = []
    for n in range(20):
        kept = both_kept(n)
        kept.append(kept)
        sizes.append(len(kept))
        kept = None
        gc.collect()
        other = {"n": n}
        del other
    return sizes


gc.disable()
print(rows_again())
print(nodes_again())
print(kept_again())
gc.enable()
