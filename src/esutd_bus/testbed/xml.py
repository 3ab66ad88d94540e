"""Envelopes and values in them, found by local names: what a tester's eye sees, whatever the prefixes."""

from __future__ import annotations

from lxml import etree

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
COMMON = "urn:esutd-bus:common:v1"

# An answer is somebody else's bytes: no DTD is followed, nothing is fetched.
_PARSER = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False)


def parse(document: bytes) -> etree._Element:
    """The root of a document.

    Raises:
        etree.XMLSyntaxError: not well-formed.
    """
    return etree.fromstring(document, _PARSER)


def body_element(envelope: etree._Element) -> etree._Element | None:
    """The first element in the Body of a SOAP 1.1 envelope."""
    return envelope.find(f"{{{SOAP}}}Body/*")


def value_at(element: etree._Element, path: str) -> str:
    """The text at a path of local names below an element; of several alike the first, or the one that is counted.

    `contract[2]/number`: as the fields of faults are told.

    Raises:
        LookupError: nothing is there.
    """
    here = element
    for step in path.split("/"):
        name, _, count = step.partition("[")
        alike = list(here.iterchildren(f"{{*}}{name}"))
        place = int(count.rstrip("]") or 1)
        if not 1 <= place <= len(alike):
            raise LookupError(f"{local_name(here)} has no {step}")
        here = alike[place - 1]
    return here.text or ""


def local_name(element: etree._Element) -> str:
    """An element's name without namespace."""
    return etree.QName(element).localname
