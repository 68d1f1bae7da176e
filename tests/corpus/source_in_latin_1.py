# -*- coding: latin-1 -*-
"""A source that is not UTF-8: names and texts beyond ASCII, read by the declared encoding."""


def grüßen(name):
    größe = len(name)
    text = f"grüß {name}"
    return text.encode("latin-1"), größe


class Café:
    menü = {"crème": 1, "thé": 2}

    def bestellen(self, was):
        self.menü[was] += 1
        return ascii(was), self.menü[was]


print(grüßen("José"))
print(Café().bestellen("thé"), ascii(sorted(Café.menü)))
