"""except* in all its forms: split groups, nested groups, re-raised rests, naked exceptions."""


def collect(*errors):
    raise ExceptionGroup("several", list(errors))


def sort_out(log, *errors):
    try:
        collect(*errors)
    except* ValueError as group:
        log.append(("values", [str(error) for error in group.exceptions]))
    except* (KeyError, IndexError) as group:
        log.append(("lookups", len(group.exceptions)))
        raise
    else:
        log.append("none")
    finally:
        log.append("finally")


def main():
    log = []
    sort_out(log, ValueError("a"), ValueError("b"))
    try:
        sort_out(log, ValueError("c"), KeyError("d"), OSError("e"))
    except ExceptionGroup as rest:
        matched, others = rest.split(OSError)
        log.append((len(matched.exceptions), others is not None))
    try:
        try:
            raise TypeError("naked")
        except* TypeError as group:
            log.append(group.message or type(group.exceptions[0]).__name__)
            raise RuntimeError("translated")
    except RuntimeError as error:
        log.append((str(error), len(error.__context__.exceptions)))
    nested = ExceptionGroup("outer", [OSError(1), ExceptionGroup("inner", [OSError(2), KeyError(3)])])
    only = nested.subgroup(lambda error: isinstance(error, OSError))
    log.append(len(only.exceptions))
    for at in range(2):
        try:
            if at:
                raise ExceptionGroup("loop", [KeyError(at)])
        except* KeyError:
            log.append(f"loop {at}")
    return log


print(*main(), sep="\n")
