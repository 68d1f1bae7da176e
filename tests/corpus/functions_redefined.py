"""Functions replaced while the program runs: by name, on classes and instances, from inside."""


def greet(name):
    global greet
    before = greet

    def greet(name):
        return f"again {name}"

    return f"first {name}", before is greet


class Robot:
    def speak(self):
        return "beep"

    def learn(self, word):
        self.speak = lambda: word
        return self


def loud(method):
    def louder(self):
        return method(self).upper()

    return louder


def factorial(n):
    return 1 if n < 2 else n * factorial(n - 1)


def trace_calls():
    global factorial
    original, calls = factorial, []

    def factorial(n):
        calls.append(n)
        return original(n)

    result = factorial(3)
    factorial = original
    return result, calls


print(greet("a"), greet("b"))
robot, other = Robot(), Robot().learn("hello")
print(robot.speak(), other.speak())
Robot.speak = loud(Robot.speak)
print(robot.speak(), other.speak())
del other.speak
print(other.speak(), trace_calls(), factorial(4))
for version in range(3):

    def step(x, version=version):
        return x + version

    print(step(10))
