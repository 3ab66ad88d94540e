"""`esutd-bus journal archive`: old stretches of the journal into files."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import click

from esutd_bus.commands.database import connection
from esutd_bus.commands.exits import EnvironmentFault
from esutd_bus.commands.given_settings import given_settings
from esutd_bus.safekeeping.archive import ArchiveError
from esutd_bus.safekeeping.archive import archive as archive_into
from esutd_bus.safekeeping.container import Damaged
from esutd_bus.safekeeping.slices import check_slice, connect
from esutd_bus.settings import Settings
from esutd_bus.store.retention import Slice
from esutd_bus.store.singleton import alone
from esutd_bus.store.verification import Finding
from esutd_bus.work.retention import LOCK


@click.command("archive")
@click.option(
    "--older-than-days",
    type=click.FloatRange(min=0),
    help="What was recorded so long ago.  [ESUTD_KEEP_BODIES_DAYS]",
)
@click.option("-o", "--output", type=click.Path(file_okay=False, path_type=Path), help="[ESUTD_ARCHIVE_DIR]")
def archive(older_than_days: float | None, output: Path | None) -> None:
    """Write old, sealed stretches of the journal into files, and let the database go of their bytes.

    Only after a slice was read again and found whole. Records, hashes and reports stay in the database, `journal
    verify` passes as before; answers stay that a requestId is bound to. Safe to break off and to run again, beside
    serving nodes.
    """
    settings = given_settings()
    days = settings.keep_bodies_days if older_than_days is None else older_than_days
    folder = output or settings.archive_dir
    if days is None or folder is None:
        raise click.UsageError("say what and where: --older-than-days and -o, or the settings")
    with connection(settings) as opened:
        opened.autocommit = True
        with alone(opened, LOCK) as is_alone:
            if not is_alone:
                raise EnvironmentFault("another node is archiving just now")
            try:
                done = archive_into(opened, folder, datetime.now(UTC) - timedelta(days=days))
            except (ArchiveError, OSError) as error:
                raise EnvironmentFault(str(error)) from error
    click.echo(
        f"{done.records} records in {done.slices} new slices; the database let go of {done.released} messages' bytes"
    )


def unlike_archive(known: Iterable[Slice], settings: Settings) -> list[Finding]:
    """What in the archive's folder is not what the database knows it to be."""
    if settings.archive_dir is None:
        raise click.UsageError("ESUTD_ARCHIVE_DIR is not set")
    findings, read = [], []
    for one in known:
        place = f"slice {one.file}"
        try:
            octets = (settings.archive_dir / one.file).read_bytes()
            if sha256(octets).digest() != bytes(one.sha256):
                findings.append(Finding(place, "is not the file that was written"))
            found = check_slice(octets)
        except OSError as error:
            findings.append(Finding(place, f"cannot be read: {error.strerror}"))
            continue
        except Damaged as damaged:
            findings.append(Finding(place, damaged.en))
            continue
        findings += [Finding(f"{place}: {each.place}", each.en) for each in found.findings]
        if (found.before, found.hash) != (bytes(one.before), bytes(one.hash)):
            findings.append(Finding(place, "is not the stretch of the journal that the database knows"))
        read.append(found)
    return [*findings, *(Finding(each.place, each.en) for each in connect(read))]
