"""Lazy stages one behind the other; each line of input passes all of them before the next one."""

TEXT = """# settings
name = demo

size=3
 # more
size = 4
broken
"""


def lines(text):
    for number, line in enumerate(text.splitlines(), 1):
        yield number, line.strip()


def without_comments(numbered):
    for number, line in numbered:
        if line and not line.startswith("#"):
            yield number, line


def pairs(numbered, errors):
    for number, line in numbered:
        key, equals, value = line.partition("=")
        if not equals:
            errors.append(number)
            continue
        yield key.strip(), int(value) if value.strip().isdigit() else value.strip()


def parse(text):
    settings, errors = {}, []
    for key, value in pairs(without_comments(lines(text)), errors):
        previous = settings.setdefault(key, value)
        if previous is not value:
            settings[key] = [previous, value]
    return settings, errors


settings, errors = parse(TEXT)
print(settings, errors)
