"""`esutd-bus journal verify FILES`: bundles and slices, without the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import click

from esutd_bus.commands.exits import EnvironmentFault
from esutd_bus.register.names import Language
from esutd_bus.safekeeping import bundle, slices
from esutd_bus.safekeeping.bundle_check import Checked, check_bundle
from esutd_bus.safekeeping.container import Damaged, unpack
from esutd_bus.safekeeping.finding import Finding
from esutd_bus.settings import Settings
from esutd_bus.signature.trust import TrustError, TrustStore

_WORDS: Final = {
    "ru": {
        "whole": "ЦЕЛО",
        "changed": "ИЗМЕНЕНО",
        "bundle": "записей: {records}, подписей проверено заново: {signatures}",
        "slice": "цепочка {chain}, записи {first}–{last}, печать {seal}",
        "seal": "печать {seal}: {hash} — сверьте с сохранённой вне базы",
        "unsealed": "{place}: печати ещё нет",
        "unlinked": "{place}: до записи, которую называет печать, ведут записи, которых здесь нет (--with-links)",
        "neither": "это не выписка и не отрезок журнала",
    },
    "en": {
        "whole": "WHOLE",
        "changed": "CHANGED",
        "bundle": "records: {records}, signatures verified again: {signatures}",
        "slice": "chain {chain}, records {first} to {last}, seal {seal}",
        "seal": "seal {seal}: {hash}; compare it with one kept elsewhere",
        "unsealed": "{place}: not sealed yet",
        "unlinked": "{place}: records that are not here lead to the one its seal names (--with-links)",
        "neither": "this is neither a bundle nor a slice of a journal",
    },
}


def verified_files(files: Sequence[Path], settings: Settings, trust: Path | None, language: Language) -> bool:
    """Tells what is found of each; whether all is as it was written. Raises UsageError, EnvironmentFault."""
    words = _WORDS[language]
    whole = True
    read: list[slices.ReadSlice] = []
    for file in files:
        octets = file.read_bytes()
        try:
            contents, index = unpack(octets)
            if index.get("format") == slices.FORMAT:
                one = slices.check_slice(octets)
                read.append(one)
                findings: Iterable[Finding] = one.findings
                facts = [
                    words["slice"].format(chain=one.chain, first=one.first, last=one.last, seal=one.seal)
                ]
            elif index.get("format") == bundle.FORMAT:
                checked = check_bundle(contents, index, _trust(settings, trust), settings.clock_skew)
                findings, facts = checked.findings, _facts(checked, language)
            else:
                findings, facts = [Finding(file.name, *(each["neither"] for each in _WORDS.values()))], []
        except Damaged as damaged:
            findings, facts = [Finding(file.name, damaged.ru, damaged.en)], []
        except (KeyError, ValueError, TypeError) as error:
            # Somebody has made an index that fits its digests, and is none all the same.
            findings, facts = (
                [Finding(file.name, *(f"{each['neither']}: {error!r}" for each in _WORDS.values()))],
                [],
            )
        whole &= _tell(file.name, findings, facts, language)
    apart = list(slices.connect(read))
    if apart:
        _tell("…", apart, [], language)
    return whole and not apart


def _trust(settings: Settings, trust: Path | None) -> TrustStore:
    folder = trust or settings.trust_dir
    if folder is None:
        raise click.UsageError("name the CA certificates to believe: --trust DIR, or ESUTD_TRUST_DIR")
    try:
        return TrustStore.from_directory(folder)
    except TrustError as error:
        raise EnvironmentFault(str(error)) from error


def _facts(checked: Checked, language: Language) -> list[str]:
    words = _WORDS[language]
    return [
        words["bundle"].format(records=checked.records, signatures=checked.signatures),
        *(words["seal"].format(seal=seal, hash=told) for seal, told in checked.seals.items()),
        *(words["unsealed"].format(place=place) for place in checked.unsealed),
        *(words["unlinked"].format(place=place) for place in checked.unlinked),
    ]


def _tell(name: str, findings: Iterable[Finding], facts: Sequence[str], language: Language) -> bool:
    words, whole = _WORDS[language], True
    for finding in findings:
        whole = False
        click.secho(f"{finding.place}: {finding.ru if language == 'ru' else finding.en}", fg="red")
    for fact in facts:
        click.echo(f"  {fact}")
    click.secho(
        f"{name}: {words['whole' if whole else 'changed']}", fg="green" if whole else "red", bold=True
    )
    return whole
