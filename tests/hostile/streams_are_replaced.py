"""Standard streams and file descriptors replaced, closed and broken."""
# says: it has no value apart

import io
import os
import sys


class Broken(io.TextIOBase):
    def write(self, text):
        raise OSError("broken")

    def flush(self):
        raise OSError("broken")


def main():
    real = sys.stdout
    sys.stdout = io.StringIO()
    print("caught")
    caught, sys.stdout = sys.stdout, real
    print(caught.getvalue().strip())
    sys.stderr, kept = Broken(), sys.stderr
    try:
        print("x", file=sys.stderr)
    except OSError as error:
        print(error)
    sys.stderr = kept
    copy = os.dup(1)
    os.close(1)
    try:
        os.write(1, b"nowhere")
    except OSError as error:
        os.dup2(copy, 1)
        print(error.errno)
    os.close(copy)
    os.closerange(200, 300)


main()
