"""Dependencies in order by depth-first search with colours; cycles are found and named."""


class Cycle(Exception):
    pass


def order(graph):
    colour, result, path = {}, [], []

    def visit(node):
        state = colour.get(node)
        if state == "grey":
            raise Cycle(path[path.index(node) :] + [node])
        if state == "black":
            return
        colour[node] = "grey"
        path.append(node)
        for dependency in graph.get(node, ()):
            visit(dependency)
        path.pop()
        colour[node] = "black"
        result.append(node)

    for node in graph:
        visit(node)
    return result


def layers(graph):
    waiting = {node: set(needs) for node, needs in graph.items()}
    found = []
    while waiting:
        free = sorted(node for node, needs in waiting.items() if not needs & waiting.keys())
        found.append(free)
        for node in free:
            del waiting[node]
    return found


recipe = {"cake": ["dough", "oven"], "dough": ["flour", "eggs"], "oven": []}
print(order(recipe), layers(recipe))
recipe["eggs"] = ["cake"]
try:
    order(recipe)
except Cycle as error:
    print(error.args[0])
