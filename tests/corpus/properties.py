"""Properties, setters, cached values, __getattr__ and a descriptor."""


class Positive:
    def __set_name__(self, owner, name):
        self.name = "_" + name

    def __get__(self, instance, owner=None):
        return self if instance is None else getattr(instance, self.name)

    def __set__(self, instance, value):
        if value < 0:
            raise ValueError(self.name)
        setattr(instance, self.name, value)


class Circle:
    radius = Positive()

    def __init__(self, radius):
        self.radius = radius
        self.reads = 0

    @property
    def area(self):
        self.reads += 1
        return 3 * self.radius**2

    @area.setter
    def area(self, value):
        self.radius = (value / 3) ** 0.5

    def __getattr__(self, name):
        if name.startswith("x_"):
            self.__dict__[name] = [name]
            return self.__dict__[name]
        raise AttributeError(name)


def main():
    circle = Circle(2)
    first = circle.area
    circle.area = 27.0
    made = circle.x_made
    made.append(1)
    try:
        circle.radius = -1
    except ValueError as error:
        name = error.args[0]
    print(first, circle.radius, circle.reads, circle.x_made, name, hasattr(circle, "y"))


if __name__ == "__main__":
    main()
