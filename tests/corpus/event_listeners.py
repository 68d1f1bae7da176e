"""Publishers and subscribers: handlers that add, remove and raise while an event is delivered."""


class Bus:
    def __init__(self):
        self.handlers, self.errors = {}, []

    def on(self, name, handler=None):
        if handler is None:
            return lambda handler: self.on(name, handler)
        self.handlers.setdefault(name, []).append(handler)
        return handler

    def off(self, name, handler):
        self.handlers[name].remove(handler)

    def emit(self, name, *args):
        results = []
        for handler in tuple(self.handlers.get(name, ())):
            try:
                results.append(handler(*args))
            except Exception as error:
                self.errors.append((name, type(error).__name__))
        return results


class Model:
    def __init__(self, bus):
        super().__setattr__("bus", bus)

    def __setattr__(self, name, value):
        old = self.__dict__.get(name)
        super().__setattr__(name, value)
        self.bus.emit("changed", name, old, value)


bus, log = Bus(), []


@bus.on("changed")
def remember(name, old, new):
    log.append(f"{name}: {old} -> {new}")


@bus.on("changed")
def once(name, old, new):
    bus.off("changed", once)
    bus.on("changed", lambda *args: args[2] / args[1])
    return "once"


model = Model(bus)
model.size = 4
model.size = 8
model.size = 0
model.size = 1
print(log, bus.errors, bus.emit("changed", "x", 2, 3), bus.emit("nothing"))
