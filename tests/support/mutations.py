"""Mutations of messages: of their octets, and of their structure. The same seed makes the same message."""

from __future__ import annotations

import copy
from collections.abc import Callable
from random import Random
from typing import Any

from lxml import etree

Octets = Callable[[Random, bytes], bytes]
Tree = Callable[[Random, etree._Element], Any]
"""Changes the tree of a root in place."""

TOKENS = (
    b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?x", b"?>", b"<!DOCTYPE e>", b"&#0;", b"&#13;", b"&#x2028;", b"&lt;",
    b"&amp;", b"&nbsp;", b"&", b"<", b">", b'"', b"'", b"\0", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80",
    b"\xf0\x9f\x98\x80", b"\r\n", b"\t", b" ", b"=", b"/", b":", b"xmlns=''", b' xmlns="urn:x"', b' xml:base="x"',
    b' Id="x"', b"#", b"%00", b"../", b"9" * 40, b"-1", b"A" * 300, b"http://www.w3.org/2000/09/xmldsig#",
    b"urn:esutd-bus:contracts:v1", b"http://schemas.xmlsoap.org/soap/envelope/",
)  # fmt: skip
"""Octets that mean something to some reader."""

TEXTS = (
    "", " ", "\t\r\n", "0", "-1", "1" * 30, "1e309", "NaN", "true", "null", "None", "А" * 20, "\u0660\u0661", "\u2028",
    "\U0001f600", "2024-02-30", "9999-12-31", "0000-00-00", "00000000-0000-0000-0000-000000000000", "AAAA", "====",
    "#", "#x", "http://127.0.0.1:1/", "file:///etc/passwd", "x" * 5000, "' OR '1'='1", "{}", "%s%n", "\\", "]]>",
)  # fmt: skip

ATTRIBUTES = (
    "Id", "ID", "id", "URI", "Algorithm", "Type", "Encoding", "PrefixList", "ValueType", "EncodingType", "x", "href",
    "{http://www.w3.org/XML/1998/namespace}id", "{http://www.w3.org/XML/1998/namespace}base",
    "{http://www.w3.org/XML/1998/namespace}lang", "{http://www.w3.org/2001/XMLSchema-instance}nil",
    "{http://www.w3.org/2001/XMLSchema-instance}type", "{http://schemas.xmlsoap.org/soap/envelope/}actor",
    "{http://schemas.xmlsoap.org/soap/envelope/}mustUnderstand",
    "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}Id",
)  # fmt: skip

NAMESPACES = (
    "",
    "urn:x",
    "relative",
    "urn:esutd-bus:contracts:v1",
    "urn:esutd-bus:common:v1",
    "http://schemas.xmlsoap.org/soap/envelope/",
    "http://www.w3.org/2000/09/xmldsig#",
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
)


# Octets.


def flip(random: Random, raw: bytes) -> bytes:
    """One bit turned."""
    at = random.randrange(len(raw))
    return raw[:at] + bytes([raw[at] ^ (1 << random.randrange(8))]) + raw[at + 1 :]


def _replace(random: Random, raw: bytes) -> bytes:
    at = random.randrange(len(raw))
    return raw[:at] + bytes([random.randrange(256)]) + raw[at + 1 :]


def _insert(random: Random, raw: bytes) -> bytes:
    at = random.randrange(len(raw) + 1)
    return raw[:at] + random.choice(TOKENS) + raw[at:]


def _delete(random: Random, raw: bytes) -> bytes:
    at = random.randrange(len(raw))
    return raw[:at] + raw[at + random.choice((1, 1, 2, 5, 40, 300)) :]


def _repeat(random: Random, raw: bytes) -> bytes:
    at, length = random.randrange(len(raw)), random.choice((1, 5, 40, 300))
    return raw[:at] + raw[at : at + length] * random.choice((2, 3, 20)) + raw[at + length :]


def _exchange(random: Random, raw: bytes) -> bytes:
    first, second = sorted(random.sample(range(len(raw)), 2))
    length = min(random.choice((1, 10, 80)), second - first, len(raw) - second)
    return (
        raw[:first]
        + raw[second : second + length]
        + raw[first + length : second]
        + raw[first : first + length]
        + raw[second + length :]
    )


def _cut(random: Random, raw: bytes) -> bytes:
    return raw[: random.randrange(len(raw))]


def _recode(random: Random, raw: bytes) -> bytes:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return raw
    return text.encode(random.choice(("utf-16", "utf-16-be", "utf-8-sig", "utf-7", "utf-32")))


OCTETS: tuple[Octets, ...] = (
    flip,
    flip,
    _replace,
    _insert,
    _insert,
    _delete,
    _repeat,
    _exchange,
    _cut,
    _recode,
)


# Trees.


def _any(random: Random, root: etree._Element) -> etree._Element:
    return random.choice(list(root.iter(etree.Element)))


def _below(random: Random, root: etree._Element) -> tuple[etree._Element, etree._Element]:
    """(an element that is not the root, its parent)."""
    element = random.choice(list(root.iterdescendants(etree.Element)))
    parent = element.getparent()
    assert parent is not None
    return element, parent


def _put(random: Random, parent: etree._Element, element: etree._Element) -> None:
    parent.insert(random.randrange(len(parent) + 1), element)


def remove(random: Random, root: etree._Element) -> None:
    element, parent = _below(random, root)
    parent.remove(element)


def double(random: Random, root: etree._Element) -> None:
    element, parent = _below(random, root)
    _put(random, parent, copy.deepcopy(element))


def copy_elsewhere(random: Random, root: etree._Element) -> None:
    element, _ = _below(random, root)
    _put(random, _any(random, root), copy.deepcopy(element))


def move(random: Random, root: etree._Element) -> None:
    element, _ = _below(random, root)
    places = [place for place in root.iter(etree.Element) if element not in (place, *place.iterancestors())]
    _put(random, random.choice(places), element)


def exchange(random: Random, root: etree._Element) -> None:
    element, parent = _below(random, root)
    parent.insert(random.randrange(len(parent)), element)


def wrap(random: Random, root: etree._Element) -> None:
    element, parent = _below(random, root)
    around = etree.Element(f"{{{random.choice(NAMESPACES[1:])}}}x" if random.random() < 0.5 else element.tag)
    parent.replace(element, around)
    around.append(element)


def unwrap(random: Random, root: etree._Element) -> None:
    element, parent = _below(random, root)
    for child in list(element):
        element.addprevious(child)
    parent.remove(element)


def rename(random: Random, root: etree._Element) -> None:
    element = _any(random, root)
    name = etree.QName(element)
    if random.random() < 0.5:
        namespace = random.choice(NAMESPACES)
        element.tag = f"{{{namespace}}}{name.localname}" if namespace else name.localname
    else:
        element.tag = _any(random, root).tag


def set_attribute(random: Random, root: etree._Element) -> None:
    element = _any(random, root)
    values = [str(value) for one in root.iter(etree.Element) for value in one.attrib.values()]
    names = [*map(str, element.attrib), *ATTRIBUTES]
    element.set(
        random.choice(names), random.choice([*values, *(text for text in TEXTS if text.isprintable())])
    )


def remove_attribute(random: Random, root: etree._Element) -> None:
    elements = [element for element in root.iter(etree.Element) if len(element.attrib)]
    element = random.choice(elements or [root])
    if element.attrib:
        del element.attrib[random.choice(list(element.attrib))]


def set_text(random: Random, root: etree._Element) -> None:
    element = _any(random, root)
    texts = [one.text for one in root.iter(etree.Element) if one.text]
    text = random.choice([*TEXTS, random.choice(texts or [""])])
    if random.random() < 0.8:
        element.text = text
    else:
        element.tail = text


def edit_text(random: Random, root: etree._Element) -> None:
    elements = [element for element in root.iter(etree.Element) if element.text]
    element = random.choice(elements or [root])
    text = element.text or ""
    at = random.randrange(len(text) + 1)
    element.text = (
        text[:at] + random.choice(("", " ", "\r", "x", "А", "=", "0")) + text[at + random.randrange(2) :]
    )


def insert_node(random: Random, root: etree._Element) -> None:
    """A comment or an instruction, somewhere or in the middle of a text."""
    element = _any(random, root)
    node = random.choice((etree.Comment("x"), etree.ProcessingInstruction("x", "y")))
    text = element.text or ""
    at = random.randrange(len(text) + 1)
    element.text = text[:at]
    element.insert(0, node)
    node.tail = text[at:]


TREES: tuple[Tree, ...] = (
    remove, double, copy_elsewhere, move, move, exchange, wrap, unwrap, rename, set_attribute, set_attribute,
    remove_attribute, set_text, edit_text, edit_text, insert_node,
)  # fmt: skip

MOVES: tuple[Tree, ...] = (remove, double, copy_elsewhere, move, exchange, wrap, unwrap)
"""What changes where elements stand."""


def change_tree(random: Random, raw: bytes, changes: tuple[Tree, ...] = TREES) -> bytes:
    """The message with one change of its structure; as it is where it is no XML, or none can be made."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(raw, parser)
        random.choice(changes)(random, root)
        return etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    except (etree.LxmlError, ValueError, IndexError):  # what no XML can hold, or nothing there to be changed
        return raw


def mutated(random: Random, raw: bytes) -> bytes:
    """The message after one to four mutations, most often of its structure."""
    for _ in range(random.choice((1, 1, 1, 2, 2, 3, 4))):
        if random.random() < 0.65:
            raw = change_tree(random, raw)
        elif raw:
            raw = random.choice(OCTETS)(random, raw)
    return raw
