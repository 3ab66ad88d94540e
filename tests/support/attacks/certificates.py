"""Whose key it is, and what its certificate is worth: flawed ones, others' ones, strangers' ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from issuing import EMPLOYER, Issued, authority, issue, key, name, usage

from support.attacks.attack import Attack, Attestors, Bearer, Forge, Recipe, each

_SIGNING = ((usage("content_commitment"), True),)
_UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.398.3.9.9"), b"\x05\x00")

FLAWED = {
    "expired": "expired",
    "not-yet-valid": "not-yet-valid",
    "authentication-key": "key-usage",
    "stranger": "untrusted",
    "gost-stranger": "untrusted",
    "self-signed": "untrusted",
    "no-identifiers": "subject-without-bin-or-iin",
    "two-identifiers": "subject-without-bin-or-iin",
    "weak-key": "weak-key",
    "revoked": "revoked",
    "gost-revoked": "revoked",
}
"""Identities of the test CA with a flaw → the reason they are refused for."""

BY_IDENTITY = tuple(
    Recipe(f"signed by the identity {identity}", reason, signer=identity)
    for identity, reason in FLAWED.items()
)

OF_ANOTHER = tuple(
    Recipe(
        f"signed by {identity}, who is not the employer of the message", "", code="SCSE046", signer=identity
    )
    for identity in ("other-employer", "third-employer", "individual-employer", "individual", "service")
)


# KeyInfo is not signed: it can be exchanged by whoever passes the message on.


def _exchanged(signer: str, shown: str, reason: str, code: str = "SCSE001") -> Recipe:
    def change(message: Bearer) -> None:
        message.certificate.text = message.forge.certificate(shown)

    return Recipe(
        f"signed by {signer}, KeyInfo exchanged for that of {shown}", reason, change, code=code, signer=signer
    )


EXCHANGED = (
    _exchanged("employer", "other-employer", "signature-mismatch"),
    _exchanged("other-employer", "employer", "signature-mismatch"),
    _exchanged("stranger", "employer", "signature-mismatch"),
    _exchanged("ec-employer", "employer", "algorithm"),
    _exchanged("employer", "ec-employer", "algorithm"),
    _exchanged("gost-employer", "gost-2004-employer", "algorithm"),
    _exchanged("gost-stranger", "gost-employer", "signature-mismatch"),
    # Certificates of one key: the signature holds under each, the certificate must do for itself.
    _exchanged("third-employer", "expired", "expired"),
    _exchanged("third-employer", "authentication-key", "key-usage"),
    _exchanged("third-employer", "self-signed", "untrusted"),
    _exchanged("third-employer", "individual-employer", "", "SCSE046"),
)


# Certificates made for the purpose, by authorities that the service trusts.


def _attested(
    what: str,
    reason: str,
    *extensions: tuple[x509.ExtensionType, bool],
    subject: x509.Name = EMPLOYER,
    by: Callable[[Attestors], Issued] = lambda attestors: attestors.any,
    **how: Any,
) -> Recipe:
    def issued(forge: Forge) -> Issued:
        return issue(subject, by(forge.attestors), extensions=extensions, **how)

    return Recipe(f"certificate {what}", reason, signer=issued)


def _subject(*attributes: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    return name((NameOID.COMMON_NAME, "АХМЕТОВ АЙДАР"), *attributes)


_IIN = (NameOID.SERIAL_NUMBER, "IIN850315100105")
_BIN = (NameOID.ORGANIZATIONAL_UNIT_NAME, "BIN990440000385")
_UNIT = NameOID.ORGANIZATIONAL_UNIT_NAME

_SUBJECTS = {
    "a BIN alone": _subject(_BIN),
    "no IIN": _subject((NameOID.SERIAL_NUMBER, "850315100105"), _BIN),
    "two IINs, one of them malformed": _subject(_IIN, (NameOID.SERIAL_NUMBER, "IIN7809122002"), _BIN),
    "two BINs": _subject(_IIN, _BIN, (_UNIT, "BIN940340000421")),
    "a BIN of 11 digits": _subject(_IIN, (_UNIT, "BIN99044000038")),
    "a BIN with a line's end": _subject(_IIN, (_UNIT, f"{_BIN[1]}\n")),
    "an IIN of Arabic digits": _subject((_IIN[0], "IIN8503151001٠٥"), _BIN),
    "an IIN in another attribute": _subject((NameOID.GIVEN_NAME, _IIN[1]), _BIN),
}

ATTESTED = (
    _attested("with a critical extension nobody knows", "critical-extension", *_SIGNING, (_UNKNOWN, True)),
    _attested("with name constraints", "critical-extension", *_SIGNING,
              (x509.NameConstraints([x509.DirectoryName(_subject(_BIN))], None), True)),
    _attested("without key usage", "key-usage"),
    _attested("for authentication", "key-usage", (usage("digital_signature", "key_encipherment"), True)),
    _attested("for signing certificates", "key-usage", (usage("key_cert_sign"), True)),
    _attested("of yesterday", "expired", *_SIGNING, days=(-20, -1)),
    _attested("of tomorrow", "not-yet-valid", *_SIGNING, days=(1, 20)),
    _attested("of an authority of yesterday", "expired", *_SIGNING, by=lambda attestors: attestors.ended),
    _attested("of an authority that none may stand above", "untrusted", *_SIGNING,
              by=lambda attestors: attestors.shallow),
    _attested("below four authorities", "untrusted", *_SIGNING, by=lambda attestors: attestors.deep),
    _attested("over SHA-224", "weak-digest", *_SIGNING, digest=hashes.SHA224()),
    _attested("on the curve P-224", "weak-key", *_SIGNING, own_key=key("224", ec.SECP224R1)),
    _attested("on the curve secp256k1", "weak-key", *_SIGNING, own_key=key("k1", ec.SECP256K1)),
    _attested("on a Brainpool curve", "weak-key", *_SIGNING, own_key=key("bp", ec.BrainpoolP256R1)),
    *(
        _attested(f"whose subject has {what}", "subject-without-bin-or-iin", *_SIGNING, subject=subject)
        for what, subject in _SUBJECTS.items()
    ),
)  # fmt: skip


# Right subjects from wrong authorities.


def _leaf_as_authority(forge: Forge) -> Issued:
    """The employer's key certifies another one: no certificate of his makes him an authority."""
    employer = forge.ca.identity("employer").key
    return issue(EMPLOYER, Issued(employer.certificate, employer._private_key), extensions=_SIGNING)


def _namesake(forge: Forge) -> Issued:
    """Right issuer by name; the authority's key is another."""
    trusted = x509.load_pem_x509_certificate((forge.ca.trust_dir / "authority.pem").read_bytes())
    constraints = x509.BasicConstraints(ca=True, path_length=None)
    impostor = issue(
        trusted.subject,
        own_key=key("namesake"),
        extensions=((constraints, True), (usage("key_cert_sign"), True)),
    )
    return issue(EMPLOYER, impostor, extensions=_SIGNING)


def _under_one_of_his_own(forge: Forge) -> Issued:
    """Of an authority that the trusted one has certified, and that is not in the trust directory."""
    return issue(EMPLOYER, authority("AN INTERMEDIATE ONE", forge.attestors.any), extensions=_SIGNING)


STRANGERS = (
    Recipe("certificate that an employer has issued", "untrusted", signer=_leaf_as_authority),
    Recipe("certificate of an authority that bears a trusted one's name", "untrusted", signer=_namesake),
    Recipe("certificate of an authority below a trusted one", "untrusted", signer=_under_one_of_his_own),
    Recipe("certificate of an authority", "key-usage", signer=lambda forge: forge.attestors.any),
    Recipe("certificate of an authority nobody knows", "key-usage", signer=lambda _: authority("SELF MADE")),
)

NOT_FROM_HIM = Attack(
    "header: from a sender of whom this profile is not taken",
    lambda forge: forge.signed("other-employer", "header"),
    "profile",
)

CERTIFICATES = (
    NOT_FROM_HIM,
    *each(*BY_IDENTITY, *STRANGERS),
    *each(*OF_ANOTHER, *EXCHANGED, *ATTESTED, profiles=("wsse", "document")),
)
