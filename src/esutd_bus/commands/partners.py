"""`esutd-bus partners`: who is let in beside the employers, and what is special about whom."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import click
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from rich.console import Console
from rich.table import Table

from esutd_bus.commands.database import connection
from esutd_bus.commands.exits import EnvironmentFault
from esutd_bus.commands.given_settings import given_settings
from esutd_bus.commands.parameters import DEFAULT, Number, Profiles
from esutd_bus.register.identifiers import is_iin
from esutd_bus.register.partners import PartnerKind
from esutd_bus.signature.certificates import Certificate, read_certificate
from esutd_bus.signature.reason import Refusal
from esutd_bus.store import partner_desk
from esutd_bus.store.partner_desk import PartnerDesk, PartnerError

WIDTH_OF_A_FILE = 180
"""Columns of a table where it goes into a file or a pipe."""

_YES_NO_DEFAULT: Mapping[str, bool | None] = {"yes": True, "no": False, DEFAULT: None}


_NUMBER = Number()
_DATE = click.DateTime(["%Y-%m-%d"])
_by = click.option("--by", help="Who answers for the change; by default the user of the operating system.")
_as_json = click.option("--json", "as_json", is_flag=True, help="As JSON.")
_what_is_special = (
    click.option(
        "--profiles", type=Profiles(), help="Signature profiles taken from it: wsse,document or default."
    ),
    click.option(
        "--document-required/--no-document-required",
        default=None,
        help="Whether what it brings by the bus must carry a document signature (by default it must).",
    ),
    click.option(
        "--sign-answers",
        type=click.Choice(list(_YES_NO_DEFAULT)),
        help="Whether its answers are signed; default: as ESUTD_SIGN_ANSWERS says.",
    ),
    click.option(
        "--answer-key", help="Name of the key they are signed with (ESUTD_KEYS); default: the service's own."
    ),
    click.option("--note", help="Anything worth remembering."),
)


def _special(command: Any) -> Any:
    for option in reversed(_what_is_special):
        command = option(command)
    return command


@click.group()
def partners() -> None:
    """Partners: portals, state systems, the authority, and employers about whom something is special.

    An employer needs no entry: its certificate tells who it is. Running nodes follow every change with
    their next
    message, and every change is kept with who made it.
    """


@partners.command("list")
@click.option("--kind", type=click.Choice([kind.value for kind in PartnerKind]), help="Of this kind alone.")
@_as_json
def list_command(kind: str | None, as_json: bool) -> None:
    """List the entries."""
    with connection(given_settings()) as opened:
        rows = partner_desk.entries(opened, kind)
    if as_json:
        print_json(rows)
        return
    table = Table(title=f"{len(rows)} partners")
    for heading in ("number", "kind", "name", "profiles", "answers", "certificates", "state", "note"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "number")
    for row in rows:
        table.add_row(
            row["number"],
            row["kind"],
            row["name"],
            ", ".join(row["profiles"] or (DEFAULT,)),
            _answers(row),
            str(row["certificates"]),
            "blocked" if row["blocked"] else "in force",
            row["note"] or "",
        )
    console().print(table)


@partners.command("show")
@click.argument("number", type=_NUMBER)
@_as_json
def show(number: str, as_json: bool) -> None:
    """Show everything about NUMBER.

    The entry, its certificates, the systems that may sign envelopes for this employer, whom it has entrusted
    (RecordDelegation), and who changed what.
    """
    with connection(given_settings()) as opened:
        found = partner_desk.everything_about(opened, number)
    if not any(found.values()):
        raise EnvironmentFault(f"nothing is known of {number}: no entry, no system, no delegation")
    if as_json:
        print_json({**found, "partner": next(iter(found["partner"]), None)})
        return
    for part, rows in found.items():
        click.secho(f"{part}: {len(rows) or 'none'}", bold=True)
        for row in rows:
            told = {
                name: _plain(value) for name, value in row.items() if value is not None and name != "number"
            }
            click.echo("  " + "  ".join(f"{name}={_one_line(value)}" for name, value in told.items()))


@partners.command("add")
@click.argument("number", type=_NUMBER)
@click.option("--kind", type=click.Choice([kind.value for kind in PartnerKind]), required=True)
@click.option("--name", default="", help="What people call it.")
@_special
@_by
def add(number: str, kind: str, name: str, by: str | None, **special: Any) -> None:
    """Let a partner in.

    \b
      esutd-bus partners add 020140000016 --kind portal --name "enbek.kz" --sign-answers yes
    """
    _kind_suits(number, kind)
    with _desk(by) as desk:
        desk.add(number, kind=kind, name=name, **_columns(special))
    click.echo(f"{number} is a partner now: {kind}")


@partners.command("change")
@click.argument("number", type=_NUMBER)
@click.option("--kind", type=click.Choice([kind.value for kind in PartnerKind]))
@click.option("--name", help="What people call it.")
@_special
@_by
def change(number: str, by: str | None, **given: Any) -> None:
    """Change an entry.

    What no option names stays as it is; `default` takes something special back.
    """
    columns = _columns(given)
    if not columns:
        raise click.UsageError("name what is to change: one option at least")
    if "kind" in columns:
        _kind_suits(number, columns["kind"])
    with _desk(by) as desk:
        changes = desk.change(number, **columns)
    for column, (before, after) in changes.items():
        click.echo(f"{column}: {before} → {after}")
    if not changes:
        click.echo("it is so already")


@partners.command("block")
@click.argument("number", type=_NUMBER)
@click.option("--note", help="Why.")
@_by
def block(number: str, by: str | None, note: str | None) -> None:
    """Shut a partner or an employer out.

    From its next message on nothing is taken from it, nor through it (ESB005, `blocked`); what it has sent
    before stays. An employer without an entry gets one.
    """
    noted = {"note": note} if note else {}
    with _desk(by) as desk:
        if desk.knows(number):
            desk.change(number, blocked=True, **noted)
        else:
            own = PartnerKind.INDIVIDUAL_EMPLOYER if is_iin(number) else PartnerKind.EMPLOYER
            desk.add(number, kind=own.value, blocked=True, **noted)
    click.echo(f"{number} is blocked")


@partners.command("unblock")
@click.argument("number", type=_NUMBER)
@_by
def unblock(number: str, by: str | None) -> None:
    """Let a blocked partner in again."""
    with _desk(by) as desk:
        desk.change(number, blocked=False)
    click.echo(f"{number} is not blocked")


@partners.command("add-certificate")
@click.argument("number", type=_NUMBER)
@click.argument("file", type=click.File("rb"))
@_by
def add_certificate(number: str, file: Any, by: str | None) -> None:
    """Record a partner's certificate.

    FILE: PEM or DER, or - for standard input. Messages may then name it by issuer and serial number
    (X509IssuerSerial); and it speaks for the partner whatever its roles are. It is judged like any other when
    a message comes: chain, dates, use.
    """
    certificate = _certificate(file.read(), number)
    with _desk(by) as desk:
        desk.add_certificate(number, certificate.x509.public_bytes(Encoding.DER), certificate.summary)
    told = certificate.summary
    click.echo(
        f"recorded for {number}: {told.subject}\n  sha256 {told.fingerprint}, until {told.not_after:%Y-%m-%d}"
    )


@partners.command("withdraw-certificate")
@click.argument("number", type=_NUMBER)
@click.argument("fingerprint")
@_by
def withdraw_certificate(number: str, fingerprint: str, by: str | None) -> None:
    """Believe a certificate no more.

    Nothing is taken on it from now on, however a message brings it (ESB005, `withdrawn`). FINGERPRINT is
    its SHA-256 as `partners show` tells it. `add-certificate` takes that back.
    """
    with _desk(by) as desk:
        desk.withdraw_certificate(number, fingerprint.replace(":", "").lower())
    click.echo(f"the certificate of {number} is withdrawn")


@partners.command("add-system")
@click.argument("employer", type=_NUMBER)
@click.argument("system", type=_NUMBER)
@click.option("--valid-to", type=_DATE, help="The last day; by default there is none.")
@_by
def add_system(employer: str, system: str, valid_to: datetime | None, by: str | None) -> None:
    """Let a system sign an employer's envelopes.

    What is inside must be the employer's signed document. Numbers of both: the employer's, and that of
    whoever runs the system. Once more for the same two changes the day.
    """
    with _desk(by) as desk:
        desk.add_system(employer, system, valid_to.date() if valid_to else None)
    click.echo(
        f"{system} may sign envelopes for {employer}{f' until {valid_to:%Y-%m-%d}' if valid_to else ''}"
    )


@partners.command("remove-system")
@click.argument("employer", type=_NUMBER)
@click.argument("system", type=_NUMBER)
@_by
def remove_system(employer: str, system: str, by: str | None) -> None:
    """Take back what add-system gave."""
    with _desk(by) as desk:
        desk.remove_system(employer, system)
    click.echo(f"{system} may no longer sign envelopes for {employer}")


@contextmanager
def _desk(by: str | None) -> Iterator[PartnerDesk]:
    """The desk of who answers for it; what it refuses ends the command with exit code 3."""
    with connection(given_settings()) as opened:
        try:
            yield PartnerDesk(opened, by or operator())
        except PartnerError as error:
            raise EnvironmentFault(str(error)) from error


def operator() -> str:
    """The user of the operating system, who answers for a change where nobody else is named."""
    try:
        return getpass.getuser()
    except (KeyError, ImportError, OSError) as error:
        raise click.UsageError("this user has no name here: say who answers for the change, --by") from error


def _kind_suits(number: str, kind: str) -> None:
    individual = kind == PartnerKind.INDIVIDUAL_EMPLOYER
    if individual != is_iin(number):
        raise click.UsageError(
            f"{kind} is known by {'an IIN' if individual else 'a BIN'}, and {number} is none"
        )


def _columns(given: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that options name, in the table's own values."""
    columns = {name: value for name, value in given.items() if value is not None}
    if "sign_answers" in columns:
        columns["signed_answers"] = _YES_NO_DEFAULT[columns.pop("sign_answers")]
    if columns.get("answer_key") == DEFAULT:
        columns["answer_key"] = None
    if "profiles" in columns:
        columns["profiles"] = columns["profiles"] or None
    return columns


def _certificate(octets: bytes, number: str) -> Certificate:
    try:
        pem = octets.lstrip().startswith(b"-----BEGIN")
        read = x509.load_pem_x509_certificate(octets) if pem else x509.load_der_x509_certificate(octets)
        certificate = read_certificate(read.public_bytes(Encoding.DER))
        certificate.require_strength()
        certificate.require_signing_use()
        holder = certificate.require_holder()
    except ValueError as error:
        raise EnvironmentFault(f"the file holds no X.509 certificate: {error}") from error
    except Refusal as refusal:
        raise EnvironmentFault(f"no message could be signed with it: {refusal.detail}") from refusal
    if holder.employer_id != number:
        raise EnvironmentFault(f"the certificate is of {holder.employer_id}, not of {number}")
    return certificate


def _answers(row: Mapping[str, Any]) -> str:
    signed = next(name for name, value in _YES_NO_DEFAULT.items() if value is row["signed_answers"])
    told = {"yes": "signed", "no": "not signed"}.get(signed, DEFAULT)
    return f"{told}, key {row['answer_key']}" if row["answer_key"] else told


def console() -> Console:
    """For tables: wide where they go into a file."""
    return Console(width=None if sys.stdout.isatty() else WIDTH_OF_A_FILE)


def print_json(content: Any) -> None:
    """Rows as JSON."""
    click.echo(json.dumps(content, ensure_ascii=False, indent=2, default=_plain))


def _one_line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="seconds")
        case date():
            return value.isoformat()
        case UUID():
            return str(value)
        case _:
            return value
