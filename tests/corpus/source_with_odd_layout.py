"""Statements on one line, lines joined, blocks after colons, semicolons, tabs, and a form feed."""
x = 1; y = 2; z = x + \
    y
if x: print(z); w = [x,

                     y]
else: w = None


def tight(n): return n if n < 2 else tight(n - 1) + \
    tight(
        n - 2
    )


class Small: a, b = 1, 2; c = lambda self: self.a + self.b


for i in range(2): j = i; i += 1; print(i,
    j)
while x < 3: x += 1; y -= x
else: print("else"); x = -x


def tabbed():
	total = 0
	for n in (1,
	          2): total += n; total *= 2
	return (
		total
	)


def hard(
    a, b
    =
    2, *c,
    d
    : int = 4,
): return [
    a
    , b], c, d

print(tight(5), Small().c(), tabbed(), hard(1, 3, 5)); print(x, y, w); del x; "text"; 5; ...
try: x
except NameError: print("gone")
finally: pass
