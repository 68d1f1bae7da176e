"""Statements over several lines, calls nested in displays, line continuation."""


def join(*parts, sep="-"):
    return sep.join(
        str(part)
        for part in parts
    )


def main():
    table = {
        "one": join(
            1,
            2,
            sep="+",
        ),
        "two": [
            join("a"),
            join(
                "b",
                "c",
            ),
        ],
    }
    total = 1 + \
        2 + \
        len(table["two"])
    result = (join(total)
              .replace("5", "five")
              .upper())
    text = """first
    second""" + join(
        result)
    if (total > 3 and
            result):
        text += "!"
    print(table, total, text)


if __name__ == "__main__":
    main()
