"""Functions made from text at run time, again and again, with other lines under the same name."""

TEMPLATE = """
def compute(x):
{body}
    return result
"""


def make(*lines):
    body = "\n".join("    " + line for line in lines)
    namespace = {"offset": len(lines)}
    exec(compile(TEMPLATE.format(body=body), "<made>", "exec"), namespace)
    return namespace["compute"]


def rewrite(function, old, new):
    constants = tuple(new if constant == old else constant for constant in function.__code__.co_consts)
    return type(function)(function.__code__.replace(co_consts=constants), function.__globals__)


def main():
    functions = [
        make("result = x + offset"),
        make("y = x * 2", "result = y + offset", "result *= 10"),
        make("result = [x]", "for i in range(2):", "    result.append(i)"),
    ]
    results = [function(5) for function in functions]
    changed = rewrite(functions[1], 10, 1000)
    results.append((changed(5), functions[1](5)))
    expression = compile("x ** 2 if x else y", "<expression>", "eval")
    results += [eval(expression, {"x": x, "y": "zero"}) for x in (3, 0)]
    return results, [function.__code__.co_firstlineno for function in functions]


print(*main(), sep="\n")
for name in ("spam", "eggs"):
    exec(f"def {name}(): return {name!r}")
print(spam(), eggs())
