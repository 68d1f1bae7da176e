"""Visitors over a document tree: dispatch by class name, accumulate, transform, and render."""


class Node:
    def __init__(self, *children, **attributes):
        self.children = list(children)
        self.__dict__.update(attributes)

    def accept(self, visitor):
        for cls in type(self).__mro__:
            method = getattr(visitor, f"visit_{cls.__name__.lower()}", None)
            if method:
                return method(self)
        raise TypeError(type(self).__name__)


class Text(Node):
    pass


class Bold(Node):
    pass


class Section(Node):
    pass


class Render:
    def visit_text(self, node):
        return node.text

    def visit_bold(self, node):
        return f"*{self.visit_node(node)}*"

    def visit_section(self, node):
        return f"<{node.title}: {self.visit_node(node)}>"

    def visit_node(self, node):
        return "".join(child.accept(self) for child in node.children)


class Count:
    def __init__(self):
        self.counts = {}

    def visit_node(self, node):
        name = type(node).__name__
        self.counts[name] = self.counts.get(name, 0) + 1
        for child in node.children:
            child.accept(self)
        return self.counts


class Flatten:
    def visit_node(self, node):
        flat = []
        for child in node.children:
            child.accept(self)
            flat.extend(child.children if isinstance(child, Bold) else [child])
        node.children = flat
        return node


page = Section(Text(text="a "), Bold(Text(text="b"), Bold(Text(text="c"))), title="t")
print(page.accept(Render()), page.accept(Count()))
print(page.accept(Flatten()).accept(Render()), page.accept(Count()))
