"""signxml, xmlsec and the JDK read our signatures as we do, and we read theirs."""

from __future__ import annotations

import base64
import shutil
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
import signxml
import xmlsec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from documents import DOCUMENTS
from envelopes import ENVELOPES
from forgery import NS, Message, Verify, canonical, parse, rsa_key
from lxml import etree
from signxml import algorithms

from esutd_bus.signature.signing import sign_document, sign_header, sign_wsse
from esutd_bus.signature.trust import TrustStore
from esutd_bus.signature.verifier import Verifier
from esutd_bus.soap.envelope import open_envelope
from esutd_bus.testbed.test_ca import TestCa, TestIdentity

Sign = Callable[[bytes, TestIdentity], bytes]

JDK = Path(__file__).with_name("XmlDsigOpinion.java")

every_envelope = pytest.mark.parametrize("envelope", ENVELOPES.values(), ids=ENVELOPES.keys())
every_document = pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS.keys())
PREFIX_LISTS = ["soap", "m cs", "#default", "#default soap p xsi unknown"]


@pytest.fixture(scope="module")
def employer(ca: TestCa) -> TestIdentity:
    return ca.identity("employer")


def prepared(envelope: bytes) -> tuple[etree._Element, etree._Element, etree._Element]:
    """(root, empty security header, Body with an identifier): what another signer starts from."""
    root = etree.fromstring(envelope)
    body = root.find("soap:Body", NS)
    assert body is not None
    body.set(f"{{{NS['wsu']}}}Id", "the-body")
    header = root.find("soap:Header", NS)
    if header is None:
        header = etree.Element(f"{{{NS['soap']}}}Header")
        root.insert(0, header)
    security = etree.SubElement(header, f"{{{NS['wsse']}}}Security")
    return root, security, body


@every_envelope
def test_signxml_verifies_ours(envelope: bytes, employer: TestIdentity) -> None:
    verified = signxml.XMLVerifier().verify(
        sign_wsse(envelope, employer),
        x509_cert=employer.certificate,
        id_attribute="Id",
        expect_config=signxml.SignatureConfiguration(location=".//"),
    )
    assert verified.signed_xml.tag == f"{{{NS['soap']}}}Body"


SIGNXML_REFUSES = {
    "xml attributes": "SignedInfo's form lacks the attributes inherited from above (Canonical XML 1.0, 2.4)",
    "comments and instructions inside": "comments are digested, which a reference to a document leaves out (4.4.3.3)",
}
"""Documents of ours that signxml alone refuses, wrongly: xmlsec and the JDK verify them."""


@pytest.mark.parametrize("name", sorted(DOCUMENTS.keys() - SIGNXML_REFUSES.keys()))
def test_signxml_verifies_our_documents(name: str, employer: TestIdentity) -> None:
    document = DOCUMENTS[name]
    verified = signxml.XMLVerifier().verify(
        sign_document(document, employer),
        x509_cert=employer.certificate,
        expect_config=signxml.SignatureConfiguration(location="./"),
    )
    assert not verified.signed_xml.findall("ds:Signature", NS)


@every_envelope
@pytest.mark.parametrize("identity", ["employer", "ec-employer"])
@pytest.mark.parametrize("sign", [sign_wsse, sign_header])
def test_xmlsec_verifies_ours(envelope: bytes, sign: Sign, identity: str, ca: TestCa) -> None:
    signer = ca.identity(identity)
    root = etree.fromstring(sign(envelope, signer))
    xmlsec.tree.add_ids(root, ["Id"])
    xmlsec_verifies(root, signer)


@every_document
@pytest.mark.parametrize("identity", ["employer", "ec-employer"])
def test_xmlsec_verifies_our_documents(document: bytes, identity: str, ca: TestCa) -> None:
    """With a co-signature, which is taken off before the first one is looked at."""
    signer = ca.identity(identity)
    once = sign_document(document, signer)
    root = etree.fromstring(sign_document(once, signer))
    xmlsec_verifies(root, signer, -1)
    xmlsec_verifies(etree.fromstring(once), signer)


def xmlsec_verifies(root: etree._Element, signer: TestIdentity, place: int = 0) -> None:
    context = xmlsec.SignatureContext()
    pem = signer.certificate.public_bytes(Encoding.PEM)
    context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatCertPem)
    context.verify(root.findall(".//ds:Signature", NS)[place])  # raises when it does not hold


def test_the_jdk_verifies_ours(
    employer: TestIdentity, trust: TrustStore, now: datetime, tmp_path: Path
) -> None:
    """An implementation that shares no code with libxml2, on every envelope, prefix lists included."""
    java = shutil.which("java")
    if java is None or shutil.which("javac") is None:
        pytest.skip("there is no Java with a compiler to ask")
    certificate = tmp_path / "certificate.pem"
    certificate.write_bytes(employer.certificate.public_bytes(Encoding.PEM))
    files = []
    for number, document in enumerate(DOCUMENTS.values()):
        files.append(tmp_path / f"document-{number}.xml")
        files[-1].write_bytes(sign_document(sign_document(document, employer), employer))
    for number, envelope in enumerate(ENVELOPES.values()):
        files.append(tmp_path / f"header-{number}.xml")
        files[-1].write_bytes(sign_header(envelope, employer))
        files.append(tmp_path / f"{number}.xml")
        files[-1].write_bytes(sign_wsse(envelope, employer))
        for prefixes in PREFIX_LISTS:
            files.append(tmp_path / f"{number}-{prefixes.replace(' ', '-')}.xml")
            files[-1].write_bytes(with_prefix_lists(envelope, prefixes, employer))
            Verifier(trust).verify(open_envelope(files[-1].read_bytes()), now)
    asked = subprocess.run(
        [java, str(JDK), str(certificate), *map(str, files)], capture_output=True, text=True, check=False
    )
    assert asked.stdout.splitlines() == [f"{file} true" for file in files], asked.stderr


def with_prefix_lists(envelope: bytes, prefixes: str, employer: TestIdentity) -> bytes:
    """A signed envelope whose SignedInfo and Reference name inclusive prefixes."""
    message = Message(etree.fromstring(sign_wsse(envelope, employer)), employer, employer)
    for method in ("//ds:CanonicalizationMethod", "//ds:Transform"):
        message.at(method).append(parse(f'<ec:InclusiveNamespaces PrefixList="{prefixes}"/>'))
    message.digest_body(prefixes.split())
    message.seal(prefixes=prefixes.split())
    return message.octets()


@every_envelope
def test_we_verify_signxmls(envelope: bytes, employer: TestIdentity, verify: Verify) -> None:
    root, security, _ = prepared(envelope)
    signer = signxml.XMLSigner(
        method=signxml.methods.detached,
        signature_algorithm=algorithms.SignatureMethod.RSA_SHA384,
        digest_algorithm=algorithms.DigestAlgorithm.SHA512,
        c14n_algorithm=algorithms.CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    signature = signer.sign(
        root,
        key=rsa_key(employer.path, employer.password),
        cert=[employer.certificate],
        reference_uri="#the-body",
        id_attribute="Id",
    )
    security.append(signature)
    assert verify(etree.tostring(root)).signer.bin == "990440000385"


@every_envelope
@pytest.mark.parametrize("prefixes", [None, *PREFIX_LISTS])
def test_we_verify_xmlsecs(
    envelope: bytes, prefixes: str | None, employer: TestIdentity, verify: Verify
) -> None:
    """As a WS-Security stack does it: a token beside the signature, a reference to it in KeyInfo."""
    root, security, _ = prepared(envelope)
    octets = base64.encodebytes(employer.certificate.public_bytes(Encoding.DER)).decode()
    x509v3 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
    token = f'<wsse:BinarySecurityToken wsu:Id="the-token" ValueType="{x509v3}">{octets}</wsse:BinarySecurityToken>'
    security.append(parse(token))
    signature = xmlsec.template.create(
        root, xmlsec.Transform.EXCL_C14N, xmlsec.Transform.RSA_SHA256, ns="sig"
    )
    security.append(signature)
    reference = xmlsec.template.add_reference(signature, xmlsec.Transform.SHA256, uri="#the-body")
    transform = xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
    if prefixes is not None:
        for method in (transform, signature[0][0]):
            method.append(parse(f'<ec:InclusiveNamespaces PrefixList="{prefixes}"/>'))
    key_info = xmlsec.template.ensure_key_info(signature)
    key_info.append(
        parse('<wsse:SecurityTokenReference><wsse:Reference URI="#the-token"/></wsse:SecurityTokenReference>')
    )
    xmlsec.tree.add_ids(root, ["Id"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec_key(employer)
    context.sign(signature)
    raw = etree.tostring(root, encoding="UTF-8")

    assert verify(raw).signer.bin == "990440000385"


@every_document
@pytest.mark.parametrize("form", [xmlsec.Transform.C14N, xmlsec.Transform.C14N_COMMENTS])
def test_we_verify_xmlsecs_documents(
    document: bytes, form: object, employer: TestIdentity, trust: TrustStore, now: datetime
) -> None:
    root = etree.fromstring(document)
    signature = xmlsec.template.create(root, form, xmlsec.Transform.RSA_SHA256, ns="sig")
    root.append(signature)
    reference = xmlsec.template.add_reference(signature, xmlsec.Transform.SHA256, uri="")
    xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
    xmlsec.template.add_transform(reference, form)
    x509_data = xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(signature))
    xmlsec.template.x509_data_add_certificate(x509_data)
    context = xmlsec.SignatureContext()
    context.key = xmlsec_key(employer)
    context.sign(signature)
    raw = etree.tostring(root.getroottree(), encoding="UTF-8")

    assert Verifier(trust).verify_document(raw, now).signer.bin == "990440000385"


def xmlsec_key(signer: TestIdentity) -> object:
    pem = rsa_key(signer.path, signer.password).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatPem)
    key.load_cert_from_memory(
        signer.certificate.public_bytes(Encoding.PEM), xmlsec.constants.KeyDataFormatPem
    )
    return key


def test_canonical_form_is_taken_in_place() -> None:
    """A Body whose prefix is declared above it is digested as it would be standing alone."""
    root = etree.fromstring(ENVELOPES["prefix of the payload declared on the Envelope"])
    payload = root[1][0]
    assert canonical(payload) == b'<m:Op xmlns:m="urn:m" m:kind="x"><m:a></m:a></m:Op>'
