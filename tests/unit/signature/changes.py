"""Changes that forgeries are made of: each takes a signed message as a tree and breaks one thing in it."""

from __future__ import annotations

import base64
import copy
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from forgery import NS, Change, Message, parse
from lxml import etree

WSU_ID = f"{{{NS['wsu']}}}Id"

SIGNED_INFO = "//ds:SignedInfo"
REFERENCE = "//ds:Reference"
TRANSFORM = "//ds:Transform"
DIGEST_VALUE = "//ds:DigestValue"
SIGNATURE_VALUE = "//ds:SignatureValue"
EVIL = (
    '<m:RegisterContract xmlns:m="urn:esutd-bus:contracts:v1"><m:number>666</m:number></m:RegisterContract>'
)


def remove(path: str) -> Change:
    def change(message: Message) -> None:
        element = message.at(path)
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)

    return change


def append(path: str, xml: str) -> Change:
    return lambda message: message.at(path).append(parse(xml))


def put(path: str, attribute: str, value: str | None) -> Change:
    def change(message: Message) -> None:
        element = message.at(path)
        if value is None:
            del element.attrib[attribute]
        else:
            element.set(attribute, value)

    return change


def edit_text(path: str, edit: Any) -> Change:
    def change(message: Message) -> None:
        element = message.at(path)
        element.text = edit(element.text)

    return change


def split(path: str, node: Any) -> Change:
    """Put a comment or instruction in the middle of an element's text."""

    def change(message: Message) -> None:
        element = message.at(path)
        text = element.text or ""
        node_here = copy.copy(node)
        element.text, node_here.tail = text[:4], text[4:]
        element.insert(0, node_here)

    return change


def move(path: str, into: str) -> Change:
    return lambda message: message.at(into).append(message.at(path))


def wrap_body(*, where: str, identifier: str | None, attribute: str = WSU_ID, keep: bool = True) -> Change:
    """Signature wrapping: the signed Body goes elsewhere, an evil one takes its place."""

    def change(message: Message) -> None:
        signed = message.body
        evil = etree.SubElement(message.root, f"{{{NS['soap']}}}Body")
        evil.append(parse(EVIL))
        if identifier is not None:
            evil.set(attribute, identifier.format(signed=signed.get(WSU_ID)))
        if keep:
            message.at(where).append(signed)
        else:
            message.root.remove(signed)

    return change


def wrapper(where: str = "//soap:Header") -> Change:
    return append(where, '<w:Wrapper xmlns:w="urn:w"/>')


def both(*changes: Change) -> Change:
    def change(message: Message) -> None:
        for one in changes:
            one(message)

    return change


def trailing_bits(text: str) -> str:
    """The same octets, spelt with set bits after the last one (a SHA-256 digest ends `x=`)."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return f"{text[:-2]}{alphabet[alphabet.index(text[-2]) | 1]}="


def key_info_holds(xml: str) -> Change:
    """Replace what KeyInfo holds; `{}` in the text is the employer's certificate."""

    def change(message: Message) -> None:
        octets = base64.b64encode(message.employer.certificate.public_bytes(Encoding.DER)).decode()
        key_info = message.at("//ds:KeyInfo")
        key_info[:] = [parse(xml.format(octets))]

    return change


def transforms_are(*algorithms: str) -> Change:
    def change(message: Message) -> None:
        message.at("//ds:Transforms")[:] = [
            parse(f'<ds:Transform Algorithm="{algorithm}"/>') for algorithm in algorithms
        ]

    return change
