"""A linked list: push, insert, reverse, a cycle made and found."""


class Node:
    def __init__(self, value, following=None):
        self.value = value
        self.following = following


class LinkedList:
    def __init__(self):
        self.head = None
        self.size = 0

    def push(self, value):
        self.head = Node(value, self.head)
        self.size += 1

    def reverse(self):
        previous, node = None, self.head
        while node is not None:
            node.following, previous, node = previous, node, node.following
        self.head = previous

    def has_cycle(self):
        slow = fast = self.head
        while fast is not None and fast.following is not None:
            slow, fast = slow.following, fast.following.following
            if slow is fast:
                return True
        return False


def main():
    items = LinkedList()
    for value in "abc":
        items.push(value)
    items.reverse()
    before = items.has_cycle()
    items.head.following.following.following = items.head
    print(before, items.has_cycle(), items.size)


if __name__ == "__main__":
    main()
