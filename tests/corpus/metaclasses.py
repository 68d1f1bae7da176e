"""A metaclass that registers, checks and changes the classes it makes, and counts instances."""


class Plugin(type):
    known = {}

    def __new__(meta, name, bases, namespace, **options):
        namespace.setdefault("priority", options.get("priority", 0))
        made = super().__new__(meta, name, bases, namespace)
        made.commands = [key for key in namespace if key.startswith("do_")]
        return made

    def __init__(cls, name, bases, namespace, **options):
        super().__init__(name, bases, namespace)
        if bases:
            Plugin.known[name.lower()] = cls

    def __call__(cls, *args):
        instance = super().__call__(*args)
        cls.instances = [*vars(cls).get("instances", ()), instance.name]
        return instance

    def __len__(cls):
        return len(cls.commands)

    def __contains__(cls, word):
        return f"do_{word}" in cls.commands


class Base(metaclass=Plugin):
    def __init__(self, name):
        self.name = name


class Text(Base, priority=2):
    def do_upper(self):
        return self.name.upper()

    def do_twice(self):
        return self.name * 2


class Silent(Base):
    pass


text = Text("abc")
Text("other")
print(text.do_upper(), len(Text), "twice" in Text, "upper" in Silent, len(Silent))
print(sorted(Plugin.known), Text.priority, Silent.priority, Text.instances)
Dynamic = Plugin("Dynamic", (Text,), {"do_more": lambda self: self.name[::-1]}, priority=9)
print(Dynamic("xyz").do_more(), Dynamic.commands, Dynamic.priority, Text.instances)
