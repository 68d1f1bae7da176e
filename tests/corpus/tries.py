"""A trie of nested dicts and one of nodes: insertion, prefixes, deletion, completion."""


class Trie:
    END = None

    def __init__(self, words=()):
        self.root = {}
        for word in words:
            self.add(word)

    def add(self, word):
        node = self.root
        for letter in word:
            node = node.setdefault(letter, {})
        node[self.END] = word

    def walk(self, prefix):
        node = self.root
        for letter in prefix:
            node = node.get(letter)
            if node is None:
                return {}
        return node

    def complete(self, prefix):
        found, stack = [], [self.walk(prefix)]
        while stack:
            for letter, below in stack.pop().items():
                if letter is self.END:
                    found.append(below)
                else:
                    stack.append(below)
        return sorted(found)

    def remove(self, word):
        path, node = [], self.root
        for letter in word:
            path.append((node, letter))
            node = node[letter]
        del node[self.END]
        while path and not node:
            node, letter = path.pop()
            del node[letter]


trie = Trie(["to", "tea", "ten", "in"])
print(trie.complete("te"), trie.complete(""), trie.complete("x"))
trie.remove("tea")
trie.remove("in")
print(trie.root)
