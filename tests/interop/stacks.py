"""The stock clients: what each needs, and how its program is built and started."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

import pytest

HERE = Path(__file__).parent

_JAXWS = Path("/usr/share/java/jaxws-rt.jar")
"""Debian's; its manifest names the other jars."""

_BINDINGS = HERE / "java" / "bindings.xml"
_QUICK_JVM = "-XX:TieredStopAtLevel=1"


_TIMEOUT_SECONDS = 120


class ClientError(RuntimeError):
    """A client's program could not be built or did not run to its end; the message is what it complained of."""


def run(command: Sequence[str], **environment: str) -> bytes:
    """What a command prints, with these variables beside its environment. Raises `ClientError`."""
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **environment},
            capture_output=True,
            timeout=_TIMEOUT_SECONDS,
            check=True,
        )
    except subprocess.SubprocessError as error:
        complaint = getattr(error, "stderr", None) or b""
        raise ClientError(f"{error}\n{complaint.decode(errors='replace')[-4000:]}") from error
    return done.stdout


class Stack(ABC):
    """One SOAP client library with the program that is written over it."""

    name: ClassVar[str]
    needs: ClassVar[Sequence[str]]
    """What must be there: commands, or absolute paths."""

    def lacks(self) -> str | None:
        """The first thing it needs that is not there."""
        return next((each for each in self.needs if not Path(each).exists() and not shutil.which(each)), None)

    @abstractmethod
    def program(self, wsdl_urls: Sequence[str], workplace: Path) -> Sequence[str]:
        """The command line of the program, built from these WSDLs in an empty folder where it is built at all."""


def require(stack: Stack) -> None:
    """Skips the test at home, and fails it in CI, where a stock client is not installed."""
    lacking = stack.lacks()
    if lacking:
        complaint = (
            f"the client {stack.name} is not installed: {lacking} is missing (see tests/interop/README.md)"
        )
        if os.environ.get("CI") == "true":
            pytest.fail(complaint)
        pytest.skip(complaint)


class Zeep(Stack):
    name = "zeep"
    needs = ()

    def program(self, wsdl_urls: Sequence[str], workplace: Path) -> Sequence[str]:
        del wsdl_urls, workplace
        return [sys.executable, str(HERE / "python" / "client.py")]


class Php(Stack):
    name = "php"
    needs = ("php",)

    def lacks(self) -> str | None:
        return super().lacks() or self._lacking_extension()

    def program(self, wsdl_urls: Sequence[str], workplace: Path) -> Sequence[str]:
        del wsdl_urls, workplace
        return ["php", str(HERE / "php" / "client.php")]

    @staticmethod
    def _lacking_extension() -> str | None:
        return None if b"soap" in run(["php", "-m"]).split() else "php's extension soap"


class Node(Stack):
    name = "node"
    needs = ("node", str(HERE / "node" / "node_modules" / "soap"))

    def program(self, wsdl_urls: Sequence[str], workplace: Path) -> Sequence[str]:
        del wsdl_urls, workplace
        return ["node", str(HERE / "node" / "client.js")]


class Java(Stack):
    """Its classes are generated from the WSDLs, so each kind of WSDL makes a program of its own."""

    name = "java"
    needs = ("java", "javac", "wsimport", str(_JAXWS))

    def program(self, wsdl_urls: Sequence[str], workplace: Path) -> Sequence[str]:
        generated = self._generated(wsdl_urls, workplace)
        classes = workplace / "client"
        class_path = os.pathsep.join(map(str, [classes, *generated, _JAXWS]))
        sources = sorted((HERE / "java").rglob("*.java"))
        compiler = ["javac", f"-J{_QUICK_JVM}", "-proc:none", "-cp", class_path, "-d", str(classes)]
        run([*compiler, *map(str, sources)])
        return ["java", _QUICK_JVM, "-cp", class_path, "interop.Client"]

    @staticmethod
    def _generated(wsdl_urls: Sequence[str], workplace: Path) -> list[Path]:
        """The folders of the generated classes, one a WSDL. What two WSDLs share is generated in both, alike."""
        folders = [workplace / f"generated-{number}" for number in range(len(wsdl_urls))]

        def generate(url: str, folder: Path) -> None:
            folder.mkdir()
            run(
                ["wsimport", "-quiet", "-b", str(_BINDINGS), "-d", str(folder), url],
                WSIMPORT_OPTS=_QUICK_JVM,
            )

        with ThreadPoolExecutor() as pool:
            list(pool.map(generate, wsdl_urls, folders))
        return folders


STACKS: Sequence[Stack] = (Zeep(), Php(), Node(), Java())
