"""Names that change their meaning: prefixes and default namespaces bound anew, look-alikes of known namespaces."""

from __future__ import annotations

from collections.abc import Callable

from forgery import NS, parse
from lxml import etree

from support.attacks.attack import Attack, Bearer, Forge, Recipe, each, rewritten
from support.messages import COMMON, CONTRACTS

_DS, _WSSE, _WSU = NS["ds"], NS["wsse"], NS["wsu"]


def _replaced(old: str, new: str) -> Callable[[bytes], bytes]:
    def change(raw: bytes) -> bytes:
        assert raw.count(old.encode()) >= 1, old
        return raw.replace(old.encode(), new.encode())

    return change


def _swapped(raw: bytes) -> bytes:
    """The two prefixes of the payload change places; each name becomes another."""
    return (
        raw.replace(b"v1:", b"\0:").replace(b"<c:", b"<v1:").replace(b"</c:", b"</v1:").replace(b"\0:", b"c:")
    )


def _renamed(raw: bytes) -> bytes:
    """Other prefixes for the same names: the same to a reader, other octets to a signature."""
    return raw.replace(b"xmlns:v1=", b"xmlns:w1=").replace(b"<v1:", b"<w1:").replace(b"</v1:", b"</w1:")


def _unnamed(message: Bearer) -> None:
    """The payload's children in no namespace."""
    for element in message.body[0].iter(f"{{{CONTRACTS}}}*"):
        if element is not message.body[0]:
            element.tag = etree.QName(element).localname


def _relative(message: Bearer) -> None:
    """A namespace name that is relative has no canonical form (Canonical XML 1.0, 2.1)."""
    message.payload[0].append(etree.fromstring('<x xmlns="relative"/>'))


def _looks_alike(path: str, uri: str, reason: str) -> Recipe:
    def change(message: Bearer) -> None:
        element = message.at(path)
        element.tag = f"{{{uri}}}{etree.QName(element).localname}"

    return Recipe(f"namespaces: {path.rpartition(':')[2]} in {uri or 'none'}", reason, change)


def _algorithm_in_another_namespace(message: Bearer) -> None:
    element = message.at("//ds:SignatureMethod")
    element.set(f"{{{_DS}}}Algorithm", element.attrib.pop("Algorithm"))


# InclusiveNamespaces (Exclusive C14N, 3): prefixes whose declarations are signed although nothing uses them.


def _promised(name: str, prefixes: str, declaration: str) -> Attack:
    """A prefix that the Transform promises is declared on the Envelope after signing."""

    def make(forge: Forge) -> bytes:
        message = forge.message()
        message.at("//ds:Transform").append(parse(f'<ec:InclusiveNamespaces PrefixList="{prefixes}"/>'))
        message.digest_body(prefixes.split())
        message.seal()
        return message.octets().replace(b"<soap:Envelope ", f"<soap:Envelope {declaration} ".encode())

    return Attack(f"wsse: InclusiveNamespaces: {name}", make, "digest-mismatch")


def _listed(name: str, value: str, read: list[str], reason: str = "digest-mismatch") -> Recipe:
    """A PrefixList that a tolerant reader would read in another way; what is signed is that reading."""

    def change(message: Bearer) -> None:
        message.at("//ds:Transform").append(parse(f'<ec:InclusiveNamespaces PrefixList="{value}"/>'))
        message.digest_body(read)
        message.seal()

    return Recipe(f"InclusiveNamespaces: {name}", reason, change)


def _parametrised(name: str, *parameters: str) -> Recipe:
    def change(message: Bearer) -> None:
        message.at("//ds:Transform[last()]").extend(map(parse, parameters))
        message.seal()

    return Recipe(f"transform with {name}{' twice' * (len(parameters) > 1)}", "structure", change)


REBOUND = (
    rewritten("namespaces: the payload's prefix bound anew on the Envelope", "{urn:another}RegisterContract",
              _replaced(f'xmlns:v1="{CONTRACTS}"', 'xmlns:v1="urn:another"'), code="ESB003"),
    rewritten("namespaces: the common prefix bound anew on the Envelope", "digest-mismatch",
              _replaced(f'xmlns:c="{COMMON}"', 'xmlns:c="urn:another"')),
    rewritten("namespaces: the payload's prefix renamed", "digest-mismatch", _renamed),
    rewritten("namespaces: two prefixes exchanged", "{urn:esutd-bus:common:v1}RegisterContract", _swapped,
              code="ESB003"),
    rewritten("namespaces: a prefix without a namespace", "not well-formed XML at line 2, column ",
              _replaced(f'xmlns:c="{COMMON}"', ""), code="ESB001"),
    rewritten("namespaces: more prefixes than any message needs", "more than 64 namespace prefixes are declared",
              _replaced("<soap:Envelope ", "<soap:Envelope " + "".join(f'xmlns:p{n}="urn:p" ' for n in range(64))),
              code="ESB001"),
    rewritten("namespaces: wsu:Id of a namespace that looks like wsu's", "reference-target",
              _replaced(f'wsu="{_WSU}"', f'wsu="{_WSU}#"')),
    rewritten("namespaces: an Envelope of a namespace that looks like SOAP 1.1's",
              "the root element is not a SOAP 1.1 Envelope",
              _replaced(NS["soap"], NS["soap"].rstrip("/")), code="ESB002"),
    *(
        attack
        for profile, prefix in (("wsse", "v1"), ("document", "m"))
        for attack in (
            rewritten("namespaces: a prefix bound anew on a leaf", "digest-mismatch",
                      _replaced(f"<{prefix}:number>", f'<{prefix}:number xmlns:{prefix}="urn:another">'), profile),
            rewritten("namespaces: a name that is relative, in SignedInfo", "canonicalization",
                      _replaced("<ds:Reference ", '<ds:Reference xmlns:r="relative" '), profile),
        )
    ),
)  # fmt: skip

ALIKE = (
    _looks_alike("//ds:SignedInfo", _DS.rstrip("#"), "structure"),
    _looks_alike("//ds:Reference", "", "structure"),
    _looks_alike("//ds:DigestValue", f"{_DS}more", "structure"),
    _looks_alike("//ds:KeyInfo", _WSSE, "structure"),
    Recipe("namespaces: Algorithm in XMLDSig's own", "structure", _algorithm_in_another_namespace),
    Recipe("namespaces: the payload's children in none", "digest-mismatch", _unnamed),
    Recipe("namespaces: a name that is relative, in the payload", "canonicalization", _relative),
    Recipe("the transform's name with a blank", "transform",
           lambda message: message.at("//ds:Transform[last()]").set(
               "Algorithm", message.at("//ds:Transform[last()]").get("Algorithm") + " ")),
    _parametrised("an unknown parameter", "<ec:Other/>"),
    _parametrised("an expression", "<ds:XPath>self::text()</ds:XPath>"),
)  # fmt: skip

NAMESPACES = (
    *REBOUND,
    *each(*ALIKE),
    *each(
        _looks_alike("//ds:Signature", _DS.rstrip("#"), "structure"),
        _looks_alike("//ds:Signature", _DS.replace("http:", "https:"), "structure"),
        _looks_alike("//wsse:Security", _WSSE.upper(), "misplaced"),
        _looks_alike("//wsse:KeyIdentifier", _WSU, "key-info"),
        _listed("a list in commas", "soap,v1", ["soap", "v1"]),
        _listed("a letter that begins no name", "\N{FEMININE ORDINAL INDICATOR}", [], "canonicalization"),
        _parametrised("a list", "<ec:InclusiveNamespaces/>", "<ec:InclusiveNamespaces/>"),
        profiles=("wsse",),
    ),
    _promised("a prefix bound after signing", "later", 'xmlns:later="urn:later"'),
    _promised("a default namespace bound after signing", "#default", 'xmlns="urn:later"'),
)
