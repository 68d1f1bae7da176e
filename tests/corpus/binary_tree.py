"""A binary search tree: insert, delete, traverse; nodes removed and re-used."""


class Tree:
    def __init__(self, key):
        self.key, self.left, self.right = key, None, None

    def insert(self, key):
        side = "left" if key < self.key else "right"
        child = getattr(self, side)
        if child is None:
            setattr(self, side, Tree(key))
        else:
            child.insert(key)

    def walk(self, visit):
        if self.left:
            self.left.walk(visit)
        visit(self.key)
        if self.right:
            self.right.walk(visit)


def smallest(node):
    while node.left:
        node = node.left
    return node.key


def delete(node, key):
    if node is None:
        return None
    if key < node.key:
        node.left = delete(node.left, key)
    elif key > node.key:
        node.right = delete(node.right, key)
    elif node.left is None or node.right is None:
        return node.left or node.right
    else:
        node.key = smallest(node.right)
        node.right = delete(node.right, node.key)
    return node


def main():
    tree = Tree(5)
    for key in (2, 8, 1, 9, 7):
        tree.insert(key)
    tree = delete(tree, 8)
    tree = delete(tree, 5)
    found = []
    tree.walk(found.append)
    print(found)


if __name__ == "__main__":
    main()
