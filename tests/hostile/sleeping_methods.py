"""Methods that would hang a recorder that calls them."""
# says: it has no value apart

import threading


class Slow:
    def _hang(self, *arguments):
        threading.Event().wait()

    __repr__ = __eq__ = __hash__ = __len__ = __bool__ = __iter__ = __getattr__ = _hang
    __reduce_ex__ = __getstate__ = __sizeof__ = __del__ = _hang
    __del__ = lambda self: None


class SlowMapping(dict):
    keys = items = values = __iter__ = __len__ = __getitem__ = Slow._hang


def main():
    lock = threading.Lock()
    with lock:
        slow = Slow()
        slow.x = 1
        mapping = SlowMapping(a=slow)
        dict.__setitem__(mapping, "b", 2)
    return dict.__len__(mapping)


print(main())
