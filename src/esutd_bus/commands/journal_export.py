"""`esutd-bus journal export`: messages with all that proves them, in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import click

from esutd_bus.commands.database import connection
from esutd_bus.commands.exits import EnvironmentFault
from esutd_bus.commands.given_settings import given_settings
from esutd_bus.commands.journal_filter import chosen, filtered
from esutd_bus.safekeeping.bundle import TooManyLinks, make_bundle
from esutd_bus.safekeeping.container import Damaged
from esutd_bus.signature.trust import TrustError, TrustStore


@click.command("export")
@click.argument("message_ids", metavar="[MESSAGE_ID]...", nargs=-1, type=click.UUID)
@filtered
@click.option(
    "--with-links",
    is_flag=True,
    help="Also what the records between each message and its seal say, other people's too (not their bytes).",
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True)
def export(*, message_ids: tuple[UUID, ...], with_links: bool, output: Path, **wanted: Any) -> None:
    """Write a bundle: messages with all that proves them, in one ZIP file.

    By MESSAGE_ID (the messageId of a receipt, the correlationId of a fault), by contract, or by what they have in
    common. Inside: the exact bytes of each message and its answer, the report on its signatures, the rows it wrote, the
    mapping, certificates and what is known of their revocation, its place in the journal's chain, and seals; README.txt
    tells how to check all that by hand, `esutd-bus journal verify FILE` checks it. It holds personal data.

    \b
      esutd-bus journal export 01a2031c-a029-7f08-b9d6-8f9dcaa8b82a -o bundle.zip
      esutd-bus journal export --contract 6a19595d-849d-4d2a-8243-012b6b1ab79d -o bundle.zip
    """
    settings = given_settings()
    try:
        trust = TrustStore.from_directory(settings.trust_dir) if settings.trust_dir else None
        with connection(settings) as opened:
            chosen_ids = chosen(opened, message_ids, wanted)
            opened.rollback()
            bundle = make_bundle(
                opened,
                chosen_ids,
                trust=trust,
                mappings=settings.contract_folder / "mappings",
                archive=settings.archive_dir,
                with_links=with_links,
            )
        output.write_bytes(bundle)
    except (TrustError, TooManyLinks, Damaged) as error:
        raise EnvironmentFault(str(error)) from error
    except OSError as error:
        raise EnvironmentFault(f"{output} cannot be written: {error.strerror}") from error
    click.echo(f"{len(chosen_ids)} messages in {output}")
