"""Objects put together by chained calls that return self, copies, or other builders."""


class Query:
    def __init__(self, rows, steps=()):
        self.rows, self.steps = rows, tuple(steps)

    def _with(self, name, function):
        return Query(self.rows, (*self.steps, (name, function)))

    def where(self, **wanted):
        def keep(rows):
            return [row for row in rows if all(row[k] == v for k, v in wanted.items())]

        return self._with("where", keep)

    def order_by(self, key, *, reverse=False):
        return self._with("order", lambda rows: sorted(rows, key=lambda row: row[key], reverse=reverse))

    def select(self, *keys):
        return self._with("select", lambda rows: [{k: row[k] for k in keys} for row in rows])

    def __getitem__(self, key):
        return self._with("slice", lambda rows: rows[key])

    def __iter__(self):
        rows = self.rows
        for _, step in self.steps:
            rows = step(rows)
        yield from rows


class Html:
    def __init__(self):
        self.parts, self.open = [], []

    def __getattr__(self, tag):
        def start(text=""):
            self.parts.append(f"<{tag}>{text}")
            self.open.append(tag)
            return self

        return start

    def end(self, n=1):
        for _ in range(n):
            self.parts.append(f"</{self.open.pop()}>")
        return self

    def __str__(self):
        return "".join(self.parts)


rows = [{"n": i, "even": i % 2 == 0} for i in range(5)]
evens = Query(rows).where(even=True)
print(list(evens.order_by("n", reverse=True)[:2].select("n")), len(list(evens)), [name for name, _ in evens.steps])
print(Html().ul().li("a").end().li("b").end(2))
