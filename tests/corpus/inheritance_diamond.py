"""Cooperative super() through a diamond, mixins that add and intercept, and the order they run."""


class Base:
    def __init__(self, **options):
        self.trail = ["Base"]
        self.options = options

    def save(self, log):
        log.append("Base")
        return self


class Logged(Base):
    def __init__(self, *, name="none", **options):
        super().__init__(**options)
        self.trail.append("Logged")
        self.name = name

    def save(self, log):
        log.append(f"Logged {self.name}")
        return super().save(log)


class Validated(Base):
    def __init__(self, *, minimum=0, **options):
        super().__init__(**options)
        self.trail.append("Validated")
        self.minimum = minimum

    def save(self, log):
        if len(self.trail) < self.minimum:
            raise ValueError("too short")
        log.append("Validated")
        return super().save(log)


class Document(Logged, Validated):
    def __init__(self, **options):
        super().__init__(**options)
        self.trail.append("Document")

    def save(self, log):
        log.append(self.__class__.__name__)
        return super(Document, self).save(log)


class Reversed(Validated, Logged):
    pass


document = Document(name="d", minimum=3, color="red")
log = []
print(document.save(log) is document, log, document.trail, document.options)
other, log = Reversed(minimum=9), []
try:
    other.save(log)
except ValueError as error:
    print(error, log, other.trail)
print([cls.__name__ for cls in Document.__mro__], [cls.__name__ for cls in Reversed.__mro__])
