"""The projects whose tests are run, pinned with all that their tests need.

Start with `PROJECTS`.
"""

from __future__ import annotations

import dataclasses

__all__ = ["PROJECTS", "PYTEST", "Project"]


@dataclasses.dataclass(frozen=True)
class Project:
    """A source distribution and how its tests are run.

    Args:
        name: As the package index has it.
        version: Pinned.
        tests: Arguments of pytest, run in the unpacked distribution.
        needs: Everything else that is installed, pinned.
    """

    name: str
    version: str
    tests: tuple[str, ...]
    needs: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


PYTEST = (
    "pytest==8.4.2",
    "pluggy==1.7.0",
    "iniconfig==2.3.1",
    "packaging==26.4",
    "pygments==2.21.0",
)
CHERRYPY_TESTS = (
    *("auth_basic", "auth_digest", "bus", "config", "core", "dynamicobjectmapping", "encoding"),
    *("etags", "httputil", "iterator", "json", "mime", "misc_tools", "objectmapping", "params"),
    *("plugins", "proxy", "request_obj", "routes", "sessionauthenticate", "virtualhost"),
    *("wsgi_ns", "xmlrpc", "logging", "static"),
)

PROJECTS = (
    # A web server: threads and sockets, `unittest` style. Its own options ask for coverage.
    Project(
        "cherrypy",
        "18.10.0",
        (
            *("-o", "addopts=", "-o", "filterwarnings=", "-k", "not test_gc"),
            *(f"cherrypy/test/test_{name}.py" for name in CHERRYPY_TESTS),
        ),
        (
            *("annotated-doc==0.0.7", "annotated-types==0.8.0", "certifi==2026.10.19.post1"),
            *("charset-normalizer==3.5.3", "cheroot==11.1.2", "idna==3.20"),
            *("jaraco.collections==5.2.1", "jaraco.context==6.1.2", "jaraco.functools==4.6.0"),
            *("jaraco.text==4.3.0", "markdown-it-py==4.3.0", "mdurl==0.1.2"),
            *("more-itertools==11.2.1", "objgraph==3.7.0", "path==17.1.1", "portend==3.2.1"),
            *("python-dateutil==4.0.0", "repoze-lru==0.8", "requests==2.34.2"),
            *("requests-toolbelt==1.0.0", "rich==15.0.0", "routes==2.5.1", "setuptools==84.2.1"),
            *("shellingham==1.5.4", "simplejson==4.3.0", "six==1.17.0", "tempora==5.13.0"),
            *("typer-slim==0.24.0", "typer==0.29.2", "typing_extensions==4.16.0"),
            *("urllib3==2.8.0", "zc.lockfile==4.0"),
        ),
    ),
    # A client of a web service: coroutines, many parameters.
    Project(
        "discord.py",
        "2.6.4",
        ("tests",),
        (
            *("aiohappyeyeballs==2.7.1", "aiohttp==3.14.5", "aiosignal==1.4.0"),
            *("attrs==26.1.0", "audioop-lts==0.2.2", "frozenlist==1.8.0", "idna==3.20"),
            *("multidict==7.2.1", "propcache==0.5.4", "pytest-asyncio==1.5.0"),
            *("pytest-mock==3.17.0", "typing-extensions==4.16.0", "tzdata==2026.6"),
            *("yarl==1.25.1", "coverage==7.17.5", "pytest-cov==7.1.0"),
        ),
    ),
    # Numbers, sizes and dates as people say them: hundreds of parameters, and a clock that is held.
    Project(
        "humanize",
        "4.12.3",
        ("tests",),
        ("freezegun==1.5.1", "python-dateutil==4.0.0", "tzdata==2026.6"),
    ),
    # A parser and writer of configuration files: many parameters, long texts.
    Project("tomlkit", "0.13.3", ("tests",), ("pyyaml==6.0.4",)),
)
