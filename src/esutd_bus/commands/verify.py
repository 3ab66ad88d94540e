"""`esutd-bus verify`: the report on signatures at the command line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import click

from esutd_bus.commands.exits import DIFFERENCE, EnvironmentFault
from esutd_bus.commands.given_settings import given_settings
from esutd_bus.signature.explanation import explain
from esutd_bus.signature.inspection import inspect_file
from esutd_bus.signature.report import Check, MessageReport, SignatureReport
from esutd_bus.signature.revocation.knowledge import RevocationKnowledge
from esutd_bus.signature.revocation.period import Tolerance
from esutd_bus.signature.revocation.problem import NotBelieved
from esutd_bus.signature.revocation.revocation import Revocation
from esutd_bus.signature.revocation.revocation_list import read_revocation_list
from esutd_bus.signature.trust import TrustError, TrustStore
from esutd_bus.signature.verifier import Verifier

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option(
    "--trust",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with the CA certificates to believe.  [ESUTD_TRUST_DIR]",
)
@click.option(
    "--at", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]), help="Judge at this moment (UTC)."
)
@click.option(
    "--crl", "lists", type=_FILE, multiple=True, help="A revocation list (DER) to judge by; may be repeated."
)
@click.option("--json", "as_json", is_flag=True, help="The report as JSON.")
def verify(
    file: BinaryIO, trust: Path | None, at: datetime | None, lists: tuple[Path, ...], as_json: bool
) -> None:
    """Verify the signatures in FILE (or -), a SOAP envelope or a signed document, and print the report.

    Of each signature: which node was signed, by whom, with what, and each check in its order; of a refusal, where
    the rule is written and what to do. Exit code 1 if one of them is not valid, or there is none.
    """
    settings = given_settings()
    folder = trust or settings.trust_dir
    if folder is None:
        raise click.UsageError("name the CA certificates to believe: --trust DIR, or ESUTD_TRUST_DIR")
    try:
        store = TrustStore.from_directory(folder)
    except TrustError as error:
        raise EnvironmentFault(str(error)) from error
    verifier = Verifier(store, clock_skew=settings.clock_skew, revocation=_revocation(lists, store))
    report = inspect_file(file.read(), verifier, at.replace(tzinfo=UTC) if at else settings.clock())
    if as_json:
        click.echo(json.dumps(report.to_dict(), ensure_ascii=False, indent=2))
    else:
        _print(report)
    if not report.valid:
        raise SystemExit(DIFFERENCE)


def _revocation(lists: tuple[Path, ...], trust: TrustStore) -> Revocation | None:
    """What the lists tell; a certificate that none of them is about is not refused."""
    if not lists:
        return None
    knowledge = RevocationKnowledge(Tolerance(), answer_lifetime=timedelta(0))
    read = {}
    for file in lists:
        try:
            read[str(file)] = read_revocation_list(file.read_bytes(), trust.authorities)
        except (NotBelieved, OSError) as error:
            raise EnvironmentFault(f"{file}: {error}") from error
    knowledge.replace_lists(read)
    return Revocation(knowledge, required=False)


def _print(report: MessageReport) -> None:
    _print_checks(report.checks)
    for signature in report.signatures:
        click.secho(f"{signature.position} ({signature.profile})", bold=True)
        _print_checks(signature.checks)
        _print_facts(signature)
    if report.reason is None:
        click.secho("VALID", fg="green", bold=True)
        return
    told = explain(report.reason)
    click.secho(f"REFUSED: {report.reason}: {report.detail}", fg="red", bold=True)
    click.echo(f"  {told.ru}\n  {told.kk}\n  {told.en}\n  [{told.section}]")


def _print_checks(checks: Iterable[Check]) -> None:
    for check in checks:
        click.echo(f"  {'✓' if check.ok else '✗'} {check.name}")


def _print_facts(report: SignatureReport) -> None:
    facts = {
        "signed node": report.signed_node,
        "reference": report.reference,
        "signature": report.signature_algorithm,
        "digest": report.digest_algorithm,
        "canonical form": report.canonicalization,
    }
    if report.certificate is not None:
        facts |= {
            "certificate": report.certificate.subject,
            "issued by": report.certificate.issuer,
            "serial": report.certificate.serial,
            "valid": f"{report.certificate.not_before:%Y-%m-%d} to {report.certificate.not_after:%Y-%m-%d}",
            "sha256": report.certificate.fingerprint,
        }
    if report.signer is not None:
        facts |= {"БИН": report.signer.bin, "ИИН": report.signer.iin, "signer": report.signer.name}
        facts["roles"] = ", ".join(sorted(report.signer.roles)) or None
    for name, value in facts.items():
        if value is not None:
            click.echo(f"  {name:15} {value!r}" if name == "reference" else f"  {name:15} {value}")
    for status in report.revocation:
        told = f", {status.source} of {status.as_of:%Y-%m-%d %H:%M}" if status.as_of else ""
        click.echo(f"  {'revocation':15} {status.state}: {status.subject}{told}")
