"""Checking a bundle, without the database: bytes, digests, links, seals, and the signatures once more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import orjson
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from esutd_bus.safekeeping.bundle import FORMAT
from esutd_bus.safekeeping.container import as_json
from esutd_bus.safekeeping.finding import Finding
from esutd_bus.signature.inspection import inspect_file
from esutd_bus.signature.known import CertificateIndex
from esutd_bus.signature.reason import Reason
from esutd_bus.signature.report import MessageReport
from esutd_bus.signature.revocation.knowledge import RevocationKnowledge, StoredAnswer
from esutd_bus.signature.revocation.period import Tolerance
from esutd_bus.signature.revocation.problem import NotBelieved
from esutd_bus.signature.revocation.revocation import Revocation
from esutd_bus.signature.revocation.revocation_list import read_revocation_list
from esutd_bus.signature.trust import TrustStore
from esutd_bus.signature.verifier import Verifier

_KNOWN_TO_THE_SERVICE_ALONE: Final = frozenset(
    {Reason.PROFILE, Reason.REVOKED, Reason.REVOCATION_UNKNOWN, Reason.TIMESTAMP}
)
"""Refusals that hung on partners' entries, on what was known of revocation, or on settings: not to be repeated here."""


@dataclass(slots=True)
class Checked:
    """What came of it."""

    records: int = 0
    signatures: int = 0
    """Verified again, with the same outcome as then."""

    seals: dict[int, str] = field(default_factory=dict)
    """Seal → its hash, hexadecimal."""

    unsealed: list[str] = field(default_factory=list)
    """Records under no seal yet."""

    unlinked: list[str] = field(default_factory=list)
    """Records whose seal names a later record, to which nothing here leads."""

    findings: list[Finding] = field(default_factory=list)


def check_bundle(
    files: Mapping[str, bytes], index: Mapping[str, Any], trust: TrustStore, clock_skew: timedelta
) -> Checked:
    """What is found of an unpacked bundle. Raises KeyError, ValueError, TypeError for an index that is none."""
    if index["format"] != FORMAT:
        raise ValueError(f"format {index['format']!r}")
    checked = Checked()
    revocation = _revocation(files, index, trust)
    verifier = Verifier(trust, known=_known(files), clock_skew=clock_skew, revocation=revocation)
    seals = {}
    for told in index["seals"]:
        text = orjson.loads(files[told["seal"]])
        seals[text["seq"]] = text["heads"]
        checked.seals[text["seq"]] = told["hash"]
        if sha256(bytes.fromhex(told["before"]) + files[told["seal"]]).hexdigest() != told["hash"]:
            checked.findings.append(
                Finding(
                    told["seal"],
                    "хеш печати не следует из предыдущей",
                    "the seal's hash does not follow from the seal before it",
                )
            )
    ends: dict[tuple[str, int], str] = {}
    for told in index["records"]:
        checked.records += 1
        record = orjson.loads(files[told["record"]])
        checked.findings += _record(files, told, record, ends)
        ends[record["chain"], record["seq"]] = told["hash"]
        if record.get("report") and told["body"] is not None:
            checked.findings += _signatures(files, told, record["report"], verifier, checked)
    for told in index["records"]:
        checked.findings += _sealed(files, index["links"], told, seals, checked)
    return checked


def _record(
    files: Mapping[str, bytes],
    told: Mapping[str, Any],
    record: Mapping[str, Any],
    ends: Mapping[tuple[str, int], str],
) -> Iterator[Finding]:
    place = told["record"]
    if sha256(bytes.fromhex(told["before"]) + files[place]).hexdigest() != told["hash"]:
        yield Finding(
            place,
            "хеш записи не следует из предыдущей: запись изменена или стоит не на своём месте",
            "the record's hash does not follow from the one before it: altered, or out of place",
        )
    if told["body"] is not None and sha256(files[told["body"]]).hexdigest() != record["body_sha256"]:
        yield Finding(
            told["body"],
            "байты сообщения не те, что записаны в журнале",
            "the message's bytes are not those that were recorded",
        )
    if ends.get((record["chain"], record["seq"] - 1), told["before"]) != told["before"]:
        yield Finding(
            place,
            "запись не продолжает предыдущую запись той же цепочки",
            "the record does not follow the one before it in the same chain",
        )
    report, kept = record.get("report"), f"{place.rpartition('/')[0]}/signatures.json"
    if report and kept in files and as_json(report) != files[kept]:
        yield Finding(
            kept, "отчёт о подписях не тот, что в записи", "the report on signatures is not the record's"
        )


def _sealed(
    files: Mapping[str, bytes],
    links: Sequence[Mapping[str, Any]],
    told: Mapping[str, Any],
    seals: Mapping[int, Mapping[str, Any]],
    checked: Checked,
) -> Iterator[Finding]:
    place = told["record"]
    if told["seal"] is None:
        checked.unsealed.append(place)
        return
    record = orjson.loads(files[place])
    chain, seq, head = record["chain"], record["seq"], seals[told["seal"]].get(record["chain"])
    if head is None or head["seq"] < seq:
        yield Finding(
            place, f"печать {told['seal']} не о ней", f"seal {told['seal']} is not about this record"
        )
        return
    reached, at = bytes.fromhex(told["hash"]), seq
    for link in links:
        if (link["chain"], link["first"]) == (chain, seq + 1):
            for line in files[link["file"]].splitlines():
                reached, at = sha256(reached + line).digest(), at + 1
    if at < head["seq"]:
        checked.unlinked.append(place)
    elif reached.hex() != head["hash"]:
        yield Finding(
            place,
            f"печать {told['seal']} называет другую запись",
            f"seal {told['seal']} names another record",
        )


def _signatures(
    files: Mapping[str, bytes],
    told: Mapping[str, Any],
    then: Mapping[str, Any],
    verifier: Verifier,
    checked: Checked,
) -> Iterator[Finding]:
    """The signatures verified as of the moment at which they were verified first."""
    report = inspect_file(files[told["body"]], verifier, datetime.fromisoformat(then["verified_at"]))
    outcome = (report.valid, report.reason, _signers(report.to_dict()))
    if outcome == (then["valid"], then["reason"], _signers(then)):
        checked.signatures += len(report.signatures)
        return
    if then["reason"] in _KNOWN_TO_THE_SERVICE_ALONE:
        return
    yield Finding(told["body"], *_differs(then, report))


def _differs(then: Mapping[str, Any], report: MessageReport) -> tuple[str, str]:
    was_ru = "действительна" if then["valid"] else f"отвергнута ({then['reason']})"
    is_ru = "действительна" if report.valid else f"отвергнута ({report.reason}: {report.detail})"
    was_en = "valid" if then["valid"] else f"refused ({then['reason']})"
    is_en = "valid" if report.valid else f"refused ({report.reason}: {report.detail})"
    return (
        f"подпись проверена заново: тогда — {was_ru}, теперь — {is_ru}",
        f"the signature verified again: then {was_en}, now {is_en}",
    )


def _signers(report: Mapping[str, Any]) -> list[Any]:
    """Of each signature what it signs, and by which certificate."""
    return [
        (one["signed_node"], one["certificate"] and one["certificate"]["fingerprint"])
        for one in report.get("signatures", ())
    ]


def _known(files: Mapping[str, bytes]) -> CertificateIndex:
    return CertificateIndex(
        x509.load_pem_x509_certificate(content).public_bytes(Encoding.DER)
        for name, content in files.items()
        if name.startswith("certificates/")
    )


def _revocation(files: Mapping[str, bytes], index: Mapping[str, Any], trust: TrustStore) -> Revocation | None:
    """What the bundle brings; of which nobody knows is not refused."""
    if not (index["lists"] or index["answers"]):
        return None
    knowledge = RevocationKnowledge(Tolerance(), answer_lifetime=timedelta(0))
    lists = {}
    for told in index["lists"]:
        try:
            lists[told["url"]] = read_revocation_list(files[told["file"]], trust.authorities)
        except NotBelieved:
            continue  # another authority's than those believed here
    knowledge.replace_lists(lists)
    knowledge.keep_answers(
        {told["certificate"]: StoredAnswer(files[told["file"]], told["source"]) for told in index["answers"]}
    )
    return Revocation(knowledge, required=False)
