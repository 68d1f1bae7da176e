"""Leaves through sys.exit inside a try with a finally."""

import sys


def leave(code):
    try:
        sys.exit(code)
    finally:
        print("leaving")


def main():
    leave(3)


if __name__ == "__main__":
    main()
