"""The working directory is removed, the environment cleared, the temporary folder gone."""

import os
import sys
import tempfile


def work():
    items = {}
    for name in "abc":
        items[name] = [name]
    return items


def main():
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    os.rmdir(folder)
    try:
        os.getcwd()
    except FileNotFoundError as error:
        print(error.errno)
    print(work())
    os.environ.clear()
    print(len(os.environ), os.environb, os.environ.get("PATH"))
    os.environ["ONE"] = "\udcff"
    print(sorted(os.environb.items()), work())
    os.umask(0o777)
    sys.path.clear()
    sys.meta_path.clear()
    sys.path_hooks.clear()
    sys.path_importer_cache.clear()
    try:
        import wave
    except ImportError as error:
        print(error)
    tempfile.tempdir = "/no/such/folder"
    return work()


print(main())
