"""A function with more than 64 locals and one with more than 64 parameters' worth of names."""


def main():
    a0 = a1 = a2 = a3 = a4 = a5 = a6 = a7 = a8 = a9 = 0
    b0, b1, b2, b3, b4, b5, b6, b7, b8, b9 = range(10)
    c0, c1, c2, c3, c4, c5, c6, c7, c8, c9 = "abcdefghij"
    d0, d1, d2, d3, d4, d5, d6, d7, d8, d9 = [[n] for n in range(10)]
    e0, e1, e2, e3, e4, e5, e6, e7, e8, e9 = ({"n": n} for n in range(10))
    f0, f1, f2, f3, f4, f5, f6, f7, f8, f9 = (n / 2 for n in range(10))
    g0, g1, g2, g3, g4, g5, g6, g7, g8, g9 = (d0, d0, e0, e0, None, True, "s", b"b", 1j, ...)
    h0 = [g0, g1]
    h1 = h0
    g9 = 9
    h2 = lambda: g9 + b9
    for n in range(3):
        d9.append(n)
        h1.append(f9)
    g0.append("through g0")
    del a5
    g9 = h2()
    print(d0, h0, g9, len(locals()))


if __name__ == "__main__":
    main()
