"""Three levels of functions with a free variable passed through the middle one."""


def outer(a):
    b = [a]

    def middle(c):
        def inner(d):
            b.append(a + c + d)
            return b
        return inner
    f = middle(10)
    f(100)
    a = 5
    f(200)
    return f(300)


def main():
    print(outer(1))
    def local(n):
        return n if n == 0 else local(n - 1)
    print(local(2))


if __name__ == "__main__":
    main()
