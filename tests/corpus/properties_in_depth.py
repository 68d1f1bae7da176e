"""Properties that compute, validate, cache, delete, inherit one part and override another."""


class Temperature:
    def __init__(self, celsius):
        self.history = []
        self.celsius = celsius

    @property
    def celsius(self):
        return self._celsius

    @celsius.setter
    def celsius(self, value):
        if value < -273:
            raise ValueError(value)
        self.history.append(value)
        self._celsius = value

    @celsius.deleter
    def celsius(self):
        self.history.clear()
        self._celsius = 0

    @property
    def fahrenheit(self):
        return self.celsius * 9 / 5 + 32

    @fahrenheit.setter
    def fahrenheit(self, value):
        self.celsius = (value - 32) * 5 / 9


class Loud(Temperature):
    @Temperature.celsius.getter
    def celsius(self):
        return f"{self._celsius}C"

    @property
    def fahrenheit(self):
        return super().celsius * 2

    total = property(lambda self: sum(self.history), doc="The sum.")


plain, loud = Temperature(20), Loud(5)
plain.fahrenheit = 50
plain.celsius += 1
loud.celsius = 7
print(plain.celsius, plain.fahrenheit, plain.history)
print(loud.celsius, loud.fahrenheit, loud.total)
try:
    plain.fahrenheit = -1000
except ValueError as error:
    print(round(error.args[0]))
try:
    loud.total = 1
except AttributeError as error:
    print("cannot set", loud.total)
del plain.celsius, loud.celsius
print(plain.history, loud.celsius)
