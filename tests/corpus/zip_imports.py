"""A package in a zip archive: imported, with a module, a submodule and data beside them."""

import contextlib
import importlib.resources
import io
import os
import pathlib
import shutil
import sys
import tempfile
import zipfile

FILES = {
    "corpus_zipped/__init__.py": "from .inner import double\nname = __name__\n",
    "corpus_zipped/inner.py": "def double(x):\n    return x * 2\n\ndef fail():\n    raise KeyError\n",
    "corpus_zipped/data.txt": "some data",
}


def pack(path):
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in FILES.items():
            archive.writestr(zipfile.ZipInfo(name), text)


def use():
    import corpus_zipped
    from corpus_zipped import inner

    data = importlib.resources.files(corpus_zipped).joinpath("data.txt").read_text()
    try:
        inner.fail()
    except KeyError as error:
        depth = error.__traceback__.tb_next is not None
    loader = type(corpus_zipped.__spec__.loader).__name__
    return corpus_zipped.name, corpus_zipped.double(4), data, depth, loader


def names_in(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return sorted(archive.namelist())


with contextlib.chdir(tempfile.mkdtemp()):
    pack("corpus.zip")
    sys.path.insert(0, "corpus.zip")
    print(use())
    sys.path.pop(0)
    print(names_in(pathlib.Path("corpus.zip").read_bytes()) == sorted(FILES))
    for name in ("corpus_zipped", "corpus_zipped.inner"):
        del sys.modules[name]
    sys.path_importer_cache.clear()
    shutil.rmtree(os.getcwd())
