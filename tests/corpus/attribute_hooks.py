"""Classes that answer for attributes: __getattr__, __setattr__, __delattr__, __getattribute__."""


class Record:
    def __init__(self, **fields):
        object.__setattr__(self, "_fields", dict(fields))
        object.__setattr__(self, "_log", [])

    def __getattr__(self, name):
        try:
            return self._fields[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name, value):
        self._log.append((name, self._fields.get(name), value))
        self._fields[name] = value

    def __delattr__(self, name):
        self._log.append((name, self._fields.pop(name), None))


class Proxy:
    def __init__(self, target):
        self.target = target
        self.names = []

    def __getattribute__(self, name):
        own = object.__getattribute__(self, "__dict__")
        if name in own or name.startswith("__"):
            return object.__getattribute__(self, name)
        own["names"].append(name)
        return getattr(own["target"], name)


class Recorder:
    def __init__(self, path=()):
        self.path = path

    def __getattr__(self, name):
        return Recorder((*self.path, name))

    def __call__(self, *args):
        return ".".join(self.path) + repr(args)


record = Record(a=1, b=[2])
record.a += 1
record.b += [3]
record.c = record
del record.a
print(record._log[:2], len(record._log), list(record._fields), hasattr(record, "a"))
proxy = Proxy([3, 1, 2])
proxy.sort()
proxy.append(proxy.count(1))
print(proxy.target, proxy.names)
print(Recorder().api.users.get(1, "x"))
