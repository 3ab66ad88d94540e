"""A test certification authority: authorities and named identities made when they are first needed.

Who they are, and what is wrong with some of them, is data: `identities.yaml`. The directory it is kept in:

    trust/NAME.pem          the trusted authorities' certificates: a trust directory as the service reads it
    identities/NAME.p12     key, certificate and the authorities above it; the password is in identities.yaml
    authorities/NAME.p12    the trusted authorities themselves, under the same password
    responders/NAME.p12     those who answer OCSP requests for them
    crl/NAME.crl            their revocation lists as of the making, good for years
    made.json               when it was made, and from which data
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from esutd_bus.plain_yaml import load_yaml
from esutd_bus.signature.gost.curves import CRYPTOPRO_A, TC26_512_A
from esutd_bus.signature.gost.keys import GostPrivateKey
from esutd_bus.signature.keys import ServiceKey
from esutd_bus.signature.pkcs12.private_key import PrivateKey
from esutd_bus.testbed import pkcs12_file
from esutd_bus.testbed.authority import Authority
from esutd_bus.testbed.gost_ca import sign_certificate
from esutd_bus.testbed.revoking import Revoked, RevokingAuthority

if TYPE_CHECKING:
    from collections.abc import Mapping

    from esutd_bus.signature.algorithms import SignatureAlgorithm

_IDENTITIES: Final = files("esutd_bus.testbed") / "identities.yaml"
_MADE: Final = "made.json"
_ATTRIBUTES: Final = {
    "CN": NameOID.COMMON_NAME,
    "SURNAME": NameOID.SURNAME,
    "GIVENNAME": NameOID.GIVEN_NAME,
    "SERIALNUMBER": NameOID.SERIAL_NUMBER,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "C": NameOID.COUNTRY_NAME,
}
_USAGES: Final = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)
_EC_CURVES: Final = {"p256": ec.SECP256R1()}
_GOST_CURVES: Final = {"2015-512": TC26_512_A, "2004": CRYPTOPRO_A}
_IDENTITY_DEFAULTS: Final[Mapping[str, Any]] = {
    "issuer": "authority",
    "usage": ["digital_signature", "content_commitment"],
    "roles": [],
    "policies": ["1.2.398.3.3.2.1"],
    "valid": [-3650, 3650],
}
_AUTHORITY: Final[Mapping[str, Any]] = {"usage": ["key_cert_sign", "crl_sign"]}
_RESPONDER: Final[Mapping[str, Any]] = {
    "usage": ["digital_signature"],
    "roles": [ExtendedKeyUsageOID.OCSP_SIGNING.dotted_string],
    "no_check": True,
}
_LISTS_LAST: Final = timedelta(days=3650)


class UnknownIdentityError(LookupError):
    """The test CA has no identity of that name; the message tells those it has."""


class TestIdentity:
    """A named identity: a key to sign with (a `signature.keys.SigningKey`), and the file it is kept in."""

    __test__: ClassVar[bool] = False  # pytest takes classes called Test… for test cases

    def __init__(self, name: str, path: Path, password: str, wrong: str | None) -> None:
        self.name = name
        self.path = path
        self.password = password
        self.wrong = wrong
        """What a verifier must find fault with, if anything."""

    @cached_property
    def key(self) -> ServiceKey:
        """The key, read from its file."""
        return ServiceKey.from_pkcs12(self.path, self.password)

    @property
    def certificate(self) -> x509.Certificate:
        """The identity's certificate."""
        return self.key.certificate

    @property
    def certificate_chain(self) -> tuple[x509.Certificate, ...]:
        """The authorities above it."""
        return self.key.certificate_chain

    @property
    def algorithm(self) -> SignatureAlgorithm:
        """What the key signs with."""
        return self.key.algorithm

    def sign(self, data: bytes, algorithm: SignatureAlgorithm) -> bytes:
        """The data's SignatureValue octets."""
        return self.key.sign(data, algorithm)


class TestCa:
    """A test CA in a directory."""

    __test__: ClassVar[bool] = False  # pytest takes classes called Test… for test cases

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.trust_dir = directory / "trust"
        """The trusted authorities' certificates, PEM: a value for `ESUTD_TRUST_DIR`."""
        self._identities: dict[str, TestIdentity] = {}

    @classmethod
    def create(cls, directory: Path, now: datetime | None = None) -> TestCa:
        """Make the CA in a directory that does not exist or is empty; validity is told from `now`.

        It is made beside the directory and moved there whole, so nobody sees half of it; of two makers at
        once the first one's stays.
        """
        directory.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
        try:
            _Maker(made, now or datetime.now(UTC)).make()
            made.chmod(0o755)
            made.replace(directory)
        except OSError:
            if not (directory / _MADE).exists():
                raise
        finally:
            shutil.rmtree(made, ignore_errors=True)
        return cls.load(directory)

    @classmethod
    def load(cls, directory: Path) -> TestCa:
        """The CA that was made in a directory. Raises `FileNotFoundError` where there is none."""
        if not (directory / _MADE).is_file():
            raise FileNotFoundError(f"{directory}: no test CA was made here")
        return cls(directory)

    @classmethod
    def ensure(cls, directory: Path) -> TestCa:
        """The CA of a directory, made when there is none, and anew when its data has changed."""
        made = directory / _MADE
        if made.is_file():
            if json.loads(made.read_text())["identities"] == _data_digest():
                return cls.load(directory)
            shutil.rmtree(directory)
        return cls.create(directory)

    def names(self) -> tuple[str, ...]:
        """The identities' names."""
        return tuple(_data()["identities"])

    def identity(self, name: str) -> TestIdentity:
        """A named identity, read once. Raises `UnknownIdentityError`."""
        if name not in self._identities:
            data = _data()
            if name not in data["identities"]:
                raise UnknownIdentityError(f"no test identity {name!r}; there are: {', '.join(self.names())}")
            entry = data["identities"][name]
            path = self.directory / "identities" / f"{name}.p12"
            self._identities[name] = TestIdentity(name, path, data["password"], entry.get("wrong"))
        return self._identities[name]

    @property
    def list_urls(self) -> list[str]:
        """Where the revocation lists as of the making lie: a value for `ESUTD_CRL_URLS`."""
        return [path.absolute().as_uri() for path in sorted((self.directory / "crl").iterdir())]

    def revoking(self) -> dict[str, RevokingAuthority]:
        """The trusted authorities by name, each with what it had revoked when it was made."""
        made = json.loads((self.directory / _MADE).read_text())
        return {
            path.stem: _revoking(self.directory, path.stem, made["revoked"].get(path.stem, {}))
            for path in sorted((self.directory / "authorities").iterdir())
        }

    @property
    def service_key(self) -> TestIdentity:
        """The service's own key, which signs answers: `ESUTD_KEY_FILE` is its path."""
        return self.identity("service")


class _Maker:
    """Makes one CA's files."""

    def __init__(self, directory: Path, now: datetime) -> None:
        self._directory = directory
        self._now = now
        self._keys: dict[str, PrivateKey] = {}
        self._authorities: dict[str, tuple[x509.Certificate, PrivateKey, tuple[x509.Certificate, ...]]] = {}

    def make(self) -> None:
        data = _data()
        for folder in ("trust", "authorities", "responders", "identities", "crl"):
            (self._directory / folder).mkdir()
        for name, authority in data["authorities"].items():
            self._make_authority(name, authority)
        for name, responder in data["responders"].items():
            key = self._key(responder["key"])
            entry = {**_IDENTITY_DEFAULTS, **_RESPONDER, **responder, "issuer": name}
            certificate, _ = self._certificate(entry, key)
            self._write("responders", name, key, (certificate,))
        revoked: dict[str, dict[str, Any]] = {}
        for name, identity in data["identities"].items():
            entry = {**_IDENTITY_DEFAULTS, **identity}
            certificate = self._make_identity(name, entry)
            if "revoked" in entry:
                at = self._now + timedelta(days=entry["revoked"]["days"])
                told = {"at": at.isoformat(), "reason": entry["revoked"]["reason"]}
                revoked.setdefault(entry["issuer"], {})[str(certificate.serial_number)] = told
        record = {"made_at": self._now.isoformat(), "identities": _data_digest(), "revoked": revoked}
        (self._directory / _MADE).write_text(json.dumps(record))
        for path in (self._directory / "authorities").iterdir():
            authority = _revoking(
                self._directory, path.stem, revoked.get(path.stem, {}), lasting=_LISTS_LAST, now=self._now
            )
            (self._directory / "crl" / f"{path.stem}.crl").write_bytes(authority.sign_list(authority.whole))

    def _make_authority(self, name: str, authority: Mapping[str, Any]) -> None:
        key = self._key(authority["key"])
        certificate, chain = self._certificate({**_IDENTITY_DEFAULTS, **_AUTHORITY, **authority}, key)
        self._authorities[name] = (certificate, key, chain)
        if authority["trusted"]:
            pem = certificate.public_bytes(Encoding.PEM)
            (self._directory / "trust" / f"{name}.pem").write_bytes(pem)
            self._write("authorities", name, key, (certificate,))

    def _make_identity(self, name: str, entry: Mapping[str, Any]) -> x509.Certificate:
        key = self._key(entry["key"])
        certificate, chain = self._certificate(entry, key)
        self._write("identities", name, key, (certificate, *chain))
        return certificate

    def _write(
        self, folder: str, name: str, key: PrivateKey, certificates: tuple[x509.Certificate, ...]
    ) -> None:
        content = _pkcs12(name, key, certificates, _data()["password"])
        _write_private(self._directory / folder / f"{name}.p12", content)

    def _key(self, label: str) -> PrivateKey:
        """The key of a label (`rsa-2048/employer`), made once."""
        if label not in self._keys:
            kind, _, size = label.partition("/")[0].partition("-")
            if kind == "ec":
                self._keys[label] = ec.generate_private_key(_EC_CURVES[size])
            elif kind == "gost":
                self._keys[label] = GostPrivateKey.generate(_GOST_CURVES[size])
            else:
                self._keys[label] = rsa.generate_private_key(65537, int(size))
        return self._keys[label]

    def _certificate(
        self, entry: Mapping[str, Any], key: PrivateKey
    ) -> tuple[x509.Certificate, tuple[x509.Certificate, ...]]:
        """The certificate of an authority or identity, and those above it."""
        subject = _name(entry["subject"])
        issuer, issuer_key = subject, key
        chain: tuple[x509.Certificate, ...] = ()
        if entry["issuer"] != "self":
            authority, issuer_key, above = self._authorities[entry["issuer"]]
            issuer, chain = authority.subject, (authority, *above)
        not_before, not_after = (self._now + timedelta(days=days) for days in entry["valid"])
        is_authority = "path_length" in entry
        builder = (
            x509.CertificateBuilder(issuer, subject, serial_number=x509.random_serial_number())
            .not_valid_before(not_before)
            .not_valid_after(not_after)
            .add_extension(_key_usage(entry["usage"]), critical=True)
            .add_extension(_key_identifier(key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(_key_identifier(issuer_key)),
                critical=False,
            )
        )
        if is_authority:
            limits = x509.BasicConstraints(ca=True, path_length=entry["path_length"])
            builder = builder.add_extension(limits, critical=True)
        else:
            policies = [x509.PolicyInformation(x509.ObjectIdentifier(oid), None) for oid in entry["policies"]]
            roles = [x509.ObjectIdentifier(oid) for oid in entry["roles"]]
            builder = builder.add_extension(x509.CertificatePolicies(policies), critical=False)
            builder = builder.add_extension(x509.ExtendedKeyUsage(roles), critical=False)
            if entry.get("no_check"):
                builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
        return _signed(builder, key, issuer_key), chain


def _revoking(directory: Path, name: str, revoked: Mapping[str, Any], **how: Any) -> RevokingAuthority:
    """An authority that answers by itself, unless it has a responder."""
    password = _data()["password"]
    authority = Authority.load(directory / "authorities" / f"{name}.p12", password)
    responder = directory / "responders" / f"{name}.p12"
    return RevokingAuthority(
        authority,
        Authority.load(responder, password) if responder.exists() else authority,
        {
            int(serial): Revoked(datetime.fromisoformat(one["at"]), x509.ReasonFlags[one["reason"]])
            for serial, one in revoked.items()
        },
        **how,
    )


def _signed(builder: x509.CertificateBuilder, key: PrivateKey, issuer_key: PrivateKey) -> x509.Certificate:
    """The builder's certificate for a key. GOST authorities certify GOST keys, the others the others."""
    if isinstance(key, GostPrivateKey) and isinstance(issuer_key, GostPrivateKey):
        return sign_certificate(builder, key.public_key, issuer_key)
    if isinstance(key, GostPrivateKey) or isinstance(issuer_key, GostPrivateKey):
        raise TypeError("identities.yaml: a GOST key needs a GOST authority, and no other key does")
    return builder.public_key(key.public_key()).sign(issuer_key, hashes.SHA256())


def _key_identifier(key: PrivateKey) -> x509.SubjectKeyIdentifier:
    """RFC 5280, 4.2.1.2 (1); for a GOST key RFC 7093, 2 (1)."""
    if isinstance(key, GostPrivateKey):
        return x509.SubjectKeyIdentifier(hashlib.sha256(key.public_key.to_octets()).digest()[:20])
    return x509.SubjectKeyIdentifier.from_public_key(key.public_key())


def _pkcs12(name: str, key: PrivateKey, chain: tuple[x509.Certificate, ...], password: str) -> bytes:
    if isinstance(key, GostPrivateKey):
        return pkcs12_file.pkcs12([pkcs12_file.pkcs8(key)], chain, password)
    encryption = BestAvailableEncryption(password.encode())
    return pkcs12.serialize_key_and_certificates(name.encode(), key, chain[0], chain[1:], encryption)


@cache
def _data() -> Mapping[str, Any]:
    data: Mapping[str, Any] = load_yaml(_IDENTITIES.read_text(encoding="utf-8"))
    return data


def _data_digest() -> str:
    return hashlib.sha256(_IDENTITIES.read_bytes()).hexdigest()


def _name(subject: Mapping[str, str | list[str]]) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(_ATTRIBUTES[attribute], value)
            for attribute, values in subject.items()
            for value in ([values] if isinstance(values, str) else values)
        ]
    )


def _key_usage(wanted: list[str]) -> x509.KeyUsage:
    return x509.KeyUsage(**{usage: usage in wanted for usage in _USAGES})


def _write_private(path: Path, content: bytes) -> None:
    """Readable by its owner alone, from the first moment."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
