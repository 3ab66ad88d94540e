"""BouncyCastle on this machine's Java, as a process that is asked line by line (`BouncyCastle.java`)."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from esutd_bus.signature.gost.keys import GostPublicKey

JAR: Final = Path("/usr/share/java/bcprov.jar")
"""Debian's libbcprov-java."""

_SOURCE: Final = Path(__file__).with_name("BouncyCastle.java")


def lacking() -> str | None:
    """What is missing to run it, if anything."""
    if shutil.which("java") is None or shutil.which("javac") is None:
        return "java with its compiler"
    return None if JAR.exists() else f"{JAR} (libbcprov-java)"


class BouncyCastle:
    """One process; it compiles its program when it starts. Use it as a context manager."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603  # our own program
            ["java", "-cp", str(JAR), str(_SOURCE)],  # noqa: S607  # this machine's Java, whichever it is
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        """The process is there already."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        with self._process:
            if self._process.stdin:
                self._process.stdin.close()

    def load(self, key: GostPublicKey, signature: bytes, data: bytes) -> None:
        """What is to be verified, in this project's own order of octets."""
        # r‖s, each lowest octet first, turned round as a whole is s‖r, each highest octet first.
        self._ask(f"load {int(key.x):x} {int(key.y):x} {signature[::-1].hex()} {data.hex()}")

    def verifies(self) -> bool:
        """Whether the signature holds."""
        return self._ask("verify") == "true"

    def spend(self, what: str, count: int) -> tuple[float, float]:
        """(the thread's, the clock's) µs of a verification, `seen` or `first`."""
        cpu, clock = self._ask(f"{what} {count}").split()
        return float(cpu), float(clock)

    def versions(self) -> dict[str, str]:
        """Java's and BouncyCastle's."""
        return dict(zip(("Java", "BouncyCastle"), self._ask("versions").split(), strict=True))

    def _ask(self, line: str) -> str:
        if self._process.stdin is None or self._process.stdout is None:
            raise AssertionError
        print(line, file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"BouncyCastle.java ended at: {line[:40]}")
        return answer.strip()
