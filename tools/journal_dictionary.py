"""Makes the dictionary that the journal is compressed with: `python tools/journal_dictionary.py [--worlds 3]`.

Replays all fixtures, each time in a world with a certificate authority of its own, and looks for what the messages,
answers and reports of all but the last have in common. So no key and no certificate gets into it, but what all
certificates say. Of the last world it tells what the dictionary makes of it.

A new dictionary is a new file beside the others, which stay for as long as there are journals.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Final

import zstandard

from esutd_bus.commands.invented_world import invented_world
from esutd_bus.settings import packaged
from esutd_bus.store.compression import expand
from esutd_bus.store.connection import connect_now
from esutd_bus.testbed.replay import chosen_fixtures, send_all
from esutd_bus.testbed.stage import open_stage
from esutd_bus.testbed.test_ca import TestCa

FOLDER: Final = Path(__file__).parent.parent / "src" / "esutd_bus" / "store" / "data"
OCTETS: Final = 32 * 1024
LONGEST: Final = 20_000
"""Of a sample, in octets: what is longer is a test of limits."""

Samples = dict[str, list[bytes]]


def samples() -> Samples:
    """What a world writes: `in`, `out`, `report` → octets."""
    with tempfile.TemporaryDirectory(prefix="esutd-dictionary-") as made:
        folder = Path(made)
        folder.chmod(0o755)  # PostgreSQL runs as a user of its own where we are root
        ca = TestCa.ensure(folder / "ca")
        with invented_world(folder, ca, print) as world:
            catalogue, order = chosen_fixtures([packaged("fixtures")])
            stage = open_stage(world.endpoint, folder / "ca", bus_page=world.bus.page_url)
            sent = sum(1 for _ in send_all(catalogue, order, stage, on_result=lambda _: None))
            print(f"{sent} fixtures")
            with connect_now(world.database_url) as connection:
                rows = connection.execute(
                    "SELECT direction, body, report FROM message ORDER BY id"
                ).fetchall()
    found: Samples = {"in": [], "out": [], "report": []}
    for row in rows:
        found[row["direction"]].append(expand(row["body"]))
        if row["report"] is not None:
            found["report"].append(expand(row["report"]))
    return found


def main() -> None:
    """Writes `journal-DATE.zdict`, whose number is the date."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--worlds", type=int, default=3)
    *learned, unseen = [samples() for _ in range(parser.parse_args().worlds)]
    taken: list[bytes | bytearray | memoryview[int]] = [
        one for world in learned for kind in world.values() for one in kind if len(one) <= LONGEST
    ]
    random.Random(353).shuffle(taken)  # noqa: S311  # no secret
    today = f"{datetime.now(UTC):%Y%m%d}"
    dictionary = zstandard.train_dictionary(OCTETS, taken, dict_id=int(today))
    (FOLDER / f"journal-{today}.zdict").write_bytes(dictionary.as_bytes())
    compressor = zstandard.ZstdCompressor(level=1, dict_data=dictionary)
    for kind, some in unseen.items():
        before, after = median(map(len, some)), median(len(compressor.compress(one)) for one in some)
        print(f"{kind:7} {len(some):5} of a world not seen: {before:.0f} octets become {after:.0f}")


if __name__ == "__main__":
    main()
