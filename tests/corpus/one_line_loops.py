"""Several iterations on one line, and several statements on one line."""


def main():
    total = 0
    for i in range(5): total += i
    items = []
    for i in range(3): items.append(i); total -= 1
    for a in (1, 2): 
        for b in (3, 4): total += a * b
    n = 3
    while n: n -= 1; items.append(n)
    a = 1; b = a + 1; c = [a, b]
    if a: b = 2; c.append(b)
    squares = [k * k for k in items]; evens = [k for k in squares if k % 2 == 0]
    text = "".join(str(k) for k in evens)
    d = {}; 
    for k in "xyx": d[k] = d.get(k, 0) + 1
    print(total, items, squares, evens, text, c, d)


if __name__ == "__main__":
    main()
