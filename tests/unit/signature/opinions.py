"""Second opinions: python-xmlsec and signxml, used as their documents ask for.

Both are told where the signature stands, whose certificate it must be (which they do not look into), and that there
is one Reference, to the element that is processed. What signxml says was signed is what counts of its verdict.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import signxml
import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from forgery import NS
from lxml import etree

_LOCATIONS = {
    "wsse": f"./{{{NS['soap']}}}Header/{{{NS['wsse']}}}Security/",
    "header": f"./{{{NS['soap']}}}Header/",
    "document": "./",
}
_IDENTIFIERS = {"wsse": f"{{{NS['wsu']}}}Id", "header": "Id"}
_TRANSFORMS = {
    "wsse": (xmlsec.Transform.EXCL_C14N,),
    "header": (xmlsec.Transform.EXCL_C14N,),
    "document": (xmlsec.Transform.ENVELOPED, xmlsec.Transform.C14N, xmlsec.Transform.C14N_COMMENTS),
}

Opinion = Callable[[bytes, str, x509.Certificate], "bytes | None"]
"""(message, profile, the signer's certificate) → what was signed, in exclusive canonical form; None for a refusal."""


def canonical(element: etree._Element) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False)


def of_xmlsec(raw: bytes, profile: str, certificate: x509.Certificate) -> bytes | None:
    """By libxml2's own xmlsec: it is told the identifiers, the key and the transforms, and asked for a verdict."""
    try:
        root, processed = _opened(raw, profile)
        signature = _one(root, f"{_LOCATIONS[profile]}{{{NS['ds']}}}Signature")
        reference = _one(signature, f"./{{{NS['ds']}}}SignedInfo/{{{NS['ds']}}}Reference")
        if reference.get("URI") != _uri(processed, profile):
            return None
        if profile != "document":
            xmlsec.tree.add_ids(root, ["Id"])
        context = xmlsec.SignatureContext()
        pem = certificate.public_bytes(Encoding.PEM)
        context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatCertPem)
        for transform in _TRANSFORMS[profile]:
            context.enable_reference_transform(transform)
        for transform in (
            xmlsec.Transform.EXCL_C14N,
            xmlsec.Transform.C14N,
            xmlsec.Transform.RSA_SHA256,
            xmlsec.Transform.ECDSA_SHA256,
        ):
            context.enable_signature_transform(transform)
        for transform in (xmlsec.Transform.SHA256,):
            context.enable_reference_transform(transform)
        context.verify(signature)
    except (xmlsec.Error, etree.XMLSyntaxError, LookupError, ValueError, TypeError):
        return None
    if profile == "document":
        processed.remove(signature)
    return canonical(processed)


def of_signxml(raw: bytes, profile: str, certificate: x509.Certificate) -> bytes | None:
    """By signxml: what it gives back as signed must be the element that is processed."""
    try:
        root, processed = _opened(raw, profile)
        result = signxml.XMLVerifier().verify(
            root,
            x509_cert=certificate,
            id_attribute="Id",
            expect_config=signxml.SignatureConfiguration(location=_LOCATIONS[profile]),
        )
    except (
        signxml.exceptions.SignXMLException,
        etree.LxmlError,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
    ):
        return None
    signed = result.signed_xml
    if signed is None or signed.tag != processed.tag:
        return None
    return canonical(signed)


OPINIONS: dict[str, Opinion] = {"xmlsec": of_xmlsec, "signxml": of_signxml}


def _opened(raw: bytes, profile: str) -> tuple[etree._Element, etree._Element]:
    """(the document the signature is in, the element that is processed), as a careful user finds them."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    root = etree.fromstring(raw, parser)
    if root.getroottree().docinfo.doctype:
        raise LookupError("a document type")
    body = _one(root, f"./{{{NS['soap']}}}Body")
    if profile != "document":
        return root, body
    document = copy.deepcopy(_one(body, "./*"))
    document.tail = None  # a document ends with its root
    return document, document


def _one(element: etree._Element, path: str) -> etree._Element:
    found = element.findall(path)
    if len(found) != 1:
        raise LookupError(path)
    return found[0]


def _uri(processed: etree._Element, profile: str) -> str:
    return "" if profile == "document" else f"#{processed.get(_IDENTIFIERS[profile])}"
