"""Messages for the verifier's tests: a plain one, and what an attacker or a careless stack makes of it.

Most forgeries are sealed again with a trusted employer's key, so that nothing but the forged part is wrong.
This module computes its own canonical forms and signatures and shares no code with what it tests.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
from lxml import etree

from esutd_bus.signature.signing import KeyInfoForm
from esutd_bus.signature.verifier import VerifiedMessage
from esutd_bus.testbed.test_ca import TestIdentity

NS = {
    "soap": "http://schemas.xmlsoap.org/soap/envelope/",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "ec": "http://www.w3.org/2001/10/xml-exc-c14n#",
    "wsse": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
    "wsu": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd",
}
EXCLUSIVE = NS["ec"]

PLAIN = f"""<?xml version="1.0" encoding="UTF-8"?>
<soap:Envelope xmlns:soap="{NS["soap"]}">
  <soap:Body>
    <m:RegisterContract xmlns:m="urn:esutd-bus:contracts:v1">
      <m:number>17/2024</m:number>
      <m:position>инженер &amp; наладчик &lt;5&gt;</m:position>
    </m:RegisterContract>
  </soap:Body>
</soap:Envelope>
""".encode()

SIGNATURES = {
    "wsse": "/soap:Envelope/soap:Header/wsse:Security/ds:Signature",
    "header": "/soap:Envelope/soap:Header/ds:Signature",
    "document": "/soap:Envelope/soap:Body/*/ds:Signature",
}
"""Profile → where it has its signature."""

Verify = Callable[[bytes], VerifiedMessage]
Change = Callable[["Message"], Any]


@dataclass
class Message:
    """A signed envelope as a tree, to be forged in place."""

    root: etree._Element
    employer: TestIdentity
    other: TestIdentity
    profile: str = "wsse"

    def at(self, path: str) -> etree._Element:
        """The one element at a path with the prefixes of `NS`."""
        found = self.root.xpath(path, namespaces=NS)
        assert isinstance(found, list)
        assert len(found) == 1, (path, found)
        assert isinstance(found[0], etree._Element)
        return found[0]

    @property
    def body(self) -> etree._Element:
        return self.at("/soap:Envelope/soap:Body")

    @property
    def payload(self) -> etree._Element:
        return self.at("/soap:Envelope/soap:Body/*")

    @property
    def security(self) -> etree._Element:
        return self.at("/soap:Envelope/soap:Header/wsse:Security")

    @property
    def signature(self) -> etree._Element:
        return self.at(SIGNATURES[self.profile])

    @property
    def other_certificate(self) -> str:
        """The other's certificate, as KeyInfo would hold it."""
        return base64.b64encode(self.other.certificate.public_bytes(Encoding.DER)).decode()

    def digest_body(self, prefixes: list[str] | None = None) -> None:
        """The Reference's digest over the Body as it is now."""
        octets = hashlib.sha256(canonical(self.body, prefixes)).digest()
        self.at("//ds:Reference/ds:DigestValue").text = base64.b64encode(octets).decode()

    def seal(self, algorithm: hashes.HashAlgorithm | None = None, prefixes: list[str] | None = None) -> None:
        """SignatureValue over SignedInfo as it is now, with the employer's RSA key."""
        signed_info = self.signed_info(prefixes)
        key = rsa_key(self.employer.path, self.employer.password)
        octets = key.sign(signed_info, padding.PKCS1v15(), algorithm or hashes.SHA256())
        self.at("//ds:SignatureValue").text = base64.b64encode(octets).decode()

    def signed_info(self, prefixes: list[str] | None = None) -> bytes:
        """SignedInfo's canonical form by its profile."""
        if self.profile != "document":
            return canonical(self.at("//ds:SignedInfo"), prefixes)
        (signed_info,) = self.document().xpath("//ds:SignedInfo", namespaces=NS)
        # Read anew as a root: in its place, libxml2 gets a default namespace wrong that is declared above.
        alone = etree.fromstring(etree.tostring(signed_info, with_tail=False))
        return etree.tostring(alone, method="c14n", with_comments=False)

    def document(self) -> etree._Element:
        """The payload as a document of its own: its text, cut out of the message's."""
        name = f"{self.payload.prefix}:{etree.QName(self.payload).localname}"
        text = etree.tostring(self.root, encoding="unicode")
        return etree.fromstring(text[text.index(f"<{name}") : text.rindex(f"</{name}>")] + f"</{name}>")

    def digest_document(self) -> None:
        """The Reference's digest over the payload as it is now, as a document of its own."""
        alone = self.document()
        (signature,) = alone.xpath("/*/ds:Signature", namespaces=NS)
        alone.remove(signature)
        octets = hashlib.sha256(etree.tostring(alone, method="c14n", with_comments=False)).digest()
        self.at("//ds:Reference/ds:DigestValue").text = base64.b64encode(octets).decode()

    def rewrite(self, *replacements: tuple[str, str]) -> None:
        """Change the message as text: each (old, new) once."""
        text = etree.tostring(self.root, encoding="unicode")
        for old, new in replacements:
            assert old in text, (old, text)
            text = text.replace(old, new, 1)
        self.root = etree.fromstring(text)

    def octets(self) -> bytes:
        return etree.tostring(self.root, encoding="UTF-8", xml_declaration=True)


@cache
def rsa_key(path: Path, password: str) -> rsa.RSAPrivateKey:
    key = pkcs12.load_pkcs12(path.read_bytes(), password.encode()).key
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def canonical(element: etree._Element, prefixes: list[str] | None = None) -> bytes:
    if prefixes:
        # lxml passes on only the prefixes it has read as a name before.
        etree.fromstring("".join(f'<x xmlns="{prefix}">' for prefix in prefixes) + "</x>" * len(prefixes))
    return etree.tostring(
        element, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=prefixes
    )


def parse(xml: str) -> etree._Element:
    """An element from text that may use the prefixes of `NS`."""
    declarations = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NS.items())
    return etree.fromstring(f"<x {declarations}>{xml}</x>")[0]


@dataclass(frozen=True)
class Forgery:
    """One way to break a signed message."""

    name: str
    reason: str
    change: Change
    sealed: bool = True
    """Whether SignedInfo is signed anew, with a trusted key, after the change."""

    key_info: KeyInfoForm = "KeyIdentifier"
    profile: str = "wsse"
    """By which the message is signed before it is forged."""
