"""A worker's memory lies in large pages, where the kernel has them."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import mmap, re, sys
from pathlib import Path
from esutd_bus.edge.large_pages import gather_in_large_pages

def megabytes():
    return int(re.search(r"AnonHugePages: +([0-9]+) kB", Path("/proc/self/smaps_rollup").read_text("ascii"))[1]) / 1024

# A file of such a name among what the process has mapped, as an installation's folder may have one.
with open(sys.argv[1], "r+b") as file:
    mapped = mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE)
    mapped[0] = 1
    held = [b"%d" % number * 10 for number in range(2_000_000)]
    before = megabytes()
    gather_in_large_pages()
    print(before, megabytes(), len(held))
"""


def has_large_pages() -> bool:
    """Gathering them at once came with Linux 6.1: on an older kernel, or one built without, there is nothing to see."""
    kernel = tuple(int(part) for part in platform.release().split(".")[:2])
    return kernel >= (6, 1) and Path("/sys/kernel/mm/transparent_hugepage").is_dir()


@pytest.mark.skipif(not has_large_pages(), reason="the kernel is older than 6.1, or has no large pages")
def test_what_a_process_holds_is_gathered(tmp_path: Path) -> None:
    file = tmp_path / "журнал"
    file.write_bytes(bytes(4096))
    told = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(file)], capture_output=True, text=True, check=True
    ).stdout.split()
    before, after = float(told[0]), float(told[1])
    assert after > before + 20
