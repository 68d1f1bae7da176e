"""An AVL tree that rotates itself: heights kept, nodes relinked, walked in order and by level."""


class Node:
    def __init__(self, key):
        self.key, self.height, self.left, self.right = key, 1, None, None


def height(node):
    return node.height if node else 0


def update(node):
    node.height = 1 + max(height(node.left), height(node.right))
    return node


def rotate(node, side, other):
    up = getattr(node, side)
    setattr(node, side, getattr(up, other))
    setattr(up, other, update(node))
    return update(up)


def balance(node):
    lean = height(update(node).left) - height(node.right)
    if lean > 1:
        if height(node.left.left) < height(node.left.right):
            node.left = rotate(node.left, "right", "left")
        return rotate(node, "left", "right")
    if lean < -1:
        if height(node.right.right) < height(node.right.left):
            node.right = rotate(node.right, "left", "right")
        return rotate(node, "right", "left")
    return node


def insert(node, key):
    if node is None:
        return Node(key)
    if key < node.key:
        node.left = insert(node.left, key)
    elif key > node.key:
        node.right = insert(node.right, key)
    return balance(node)


def levels(root):
    row = [root]
    while row:
        yield [node.key for node in row]
        row = [child for node in row for child in (node.left, node.right) if child]


root = None
for key in [1, 2, 3, 5, 4]:
    root = insert(root, key)
print(list(levels(root)), root.height)
