"""The same turnstile three ways: a table, functions that return functions, classes that change."""

TABLE = {
    ("locked", "coin"): ("open", "unlock"),
    ("open", "push"): ("locked", "lock"),
    ("open", "coin"): ("open", "thanks"),
    ("locked", "push"): ("locked", "alarm"),
}


def by_table(events):
    state, actions = "locked", []
    for event in events:
        state, action = TABLE[state, event]
        actions.append(action)
    return state, actions


def locked(event, actions):
    actions.append("unlock" if event == "coin" else "alarm")
    return opened if event == "coin" else locked


def opened(event, actions):
    actions.append("lock" if event == "push" else "thanks")
    return locked if event == "push" else opened


def by_functions(events):
    state, actions = locked, []
    for event in events:
        state = state(event, actions)
    return state.__name__, actions


class Locked:
    def handle(self, event):
        if event == "coin":
            self.__class__ = Open
            return "unlock"
        return "alarm"


class Open(Locked):
    def handle(self, event):
        if event == "push":
            self.__class__ = Locked
            return "lock"
        return "thanks"


def by_classes(events):
    gate, actions = Locked(), []
    for event in events:
        actions.append(gate.handle(event))
    return type(gate).__name__, actions


events = ["push", "coin", "coin", "push"]
print(by_table(events), by_functions(events), by_classes(events), sep="\n")
