"""Where figures were taken: the machine, and the versions of whatever took part."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import gmpy2
import xmlsec
from cryptography.hazmat.backends.openssl import backend
from lxml import etree

from esutd_bus.signature.gost.hashes import STREEBOG_512


def describe() -> dict[str, Any]:
    """The machine, without its name."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "load": [round(one, 1) for one in os.getloadavg()],
    }


def versions() -> dict[str, str]:
    """Names and versions."""
    return {
        "esutd-bus": _commit(),
        "Python": platform.python_version(),
        **{name: version(name) for name in ("lxml", "cryptography", "gmpy2", "signxml", "xmlsec")},
        "libxml2": ".".join(map(str, etree.LIBXML_VERSION)),
        "libxml2 of xmlsec": ".".join(map(str, xmlsec.get_libxml_version())),
        "OpenSSL of cryptography": backend.openssl_version_text(),
        "GMP": gmpy2.mp_version(),
        "Streebog": STREEBOG_512.implementation,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine()
    )


def _commit() -> str:
    git = shutil.which("git")
    if git is None:
        return "unknown"
    told = subprocess.run(  # noqa: S603  # git alone
        [git, "describe", "--always", "--dirty", "--exclude=*"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.strip() or "unknown"
