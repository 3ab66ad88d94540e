"""Hostile and odd requests as data: what is sent, byte for byte, and what must come back over either binding.

No request here is signed, so SCSE001 (no signature) is what a message is told that got as far as it could: it
was read, and seen to be SOAP and an operation of the service.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass

from support.wire import HALF_CLOSE, chunked, post

PATH = "/soap/contracts"
LIMIT = 102_400

OF_THE_HOST = ""
"""As code: the HTTP server answers itself, before there is an application, and with no fault."""


@dataclass(frozen=True)
class Case:
    """One conversation."""

    name: str
    """Says what is wrong with the request."""

    steps: tuple[bytes | object, ...]
    status: int | tuple[int, ...]
    """Of the first answer; several where hosts differ."""

    code: str | tuple[str, ...] | None = None
    """The fault's first code; None where the answer is no fault."""

    bindings: tuple[str, ...] = ("asgi", "wsgi")
    answers: int = 1
    contains: bytes = b""
    lacks: bytes = b"Traceback"


NS = "http://schemas.xmlsoap.org/soap/envelope/"
CONTRACTS = "urn:esutd-bus:contracts:v1"
PAYLOAD = f'<c:GetContract xmlns:c="{CONTRACTS}"/>'
SECRET = b"root:x:0"


def envelope(body: str = PAYLOAD, *, header: str = "", after: str = "", ns: str = NS) -> str:
    return f'<e:Envelope xmlns:e="{ns}">{header}<e:Body>{body}</e:Body>{after}</e:Envelope>'


def said(body: str | bytes, **how: object) -> tuple[bytes]:
    message = body.encode() if isinstance(body, str) else body
    return (post(PATH, message, **how),)  # type: ignore[arg-type]  # post's own keywords


def asked(path: str, method: str = "GET", *headers: str) -> tuple[bytes]:
    return (post(path, method=method, length=None, content_type=None, headers=headers),)


def _asking(attributes: str = "", content: str = "") -> str:
    return f'<c:GetContract xmlns:c="{CONTRACTS}" {attributes}>{content}</c:GetContract>'


def _nested(depth: int) -> str:
    return envelope("<a>" * depth + "</a>" * depth)


def _laughs() -> str:
    tenfold = [f"&l{i};" * 10 for i in range(9)]
    entities = "".join(f'<!ENTITY l{i} "{text}">' for i, text in enumerate(tenfold, start=1))
    return f'<!DOCTYPE e [<!ENTITY l0 "ha">{entities}]>' + envelope("<a>&l9;</a>")


CHUNKS = ("Transfer-Encoding: chunked",)
UTF16 = '<?xml version="1.0" encoding="UTF-16"?>' + envelope()
ATTRIBUTES = " ".join(f'a{i}=""' for i in range(9000))
NAMESPACES = " ".join(f'xmlns:n{i}="urn:{i}"' for i in range(2000))
DTD_QUADRATIC = '<!DOCTYPE e [<!ENTITY a "' + "x" * 30_000 + '">]>'
MUST = '<e:Header><x:Unknown xmlns:x="urn:x" e:mustUnderstand="1"/></e:Header>'

SIZE = [
    Case("exactly the limit is read", said(envelope().ljust(LIMIT)), 500, "SCSE001"),
    Case("a byte beyond the limit", said(envelope().ljust(LIMIT + 1)), 413, "SCSE999"),
    Case("a megabyte", said(b"x" * 1_000_000), 413, "SCSE999"),
    Case("ten megabytes", said(b"x" * 10_000_000), 413, "SCSE999"),
    Case("a length beyond all reason and no body", said(b"", length=10**15), 413, "SCSE999"),
    Case("a length of 5000 digits", said(b"", length="9" * 5000), 400, OF_THE_HOST),
    Case(
        "too large in chunks",
        said(chunked(*[b"x" * 1024] * 101), length=None, headers=CHUNKS),
        413,
        "SCSE999",
    ),
    Case(
        "too large in chunks that never end",
        said(chunked(*[b"x" * 65536] * 140, end=False), length=None, headers=CHUNKS),
        413,
        "SCSE999",
    ),
    Case(
        "too large, and told so before it is sent",
        said(b"", length=10**7, headers=("Expect: 100-continue",)),
        413,
        "SCSE999",
    ),
    Case("a length longer than the body", (*said(envelope(), length=500), HALF_CLOSE), 400, "ESB001"),
    Case("a length shorter than the body", said(envelope(), length=60), 500, "ESB001"),
    Case("a body that stops coming", said(envelope(), length=5000), 408, "ESB009"),
    Case("no length, no chunks", said(b"", length=None), 500, "ESB001"),
    Case("a length of zero", said(b""), 500, "ESB001"),
]

FRAMING = [
    Case("a negative length", said(b"", length="-5"), 400, OF_THE_HOST),
    Case("a length that is no number", said(b"", length="many"), 400, OF_THE_HOST),
    Case("two lengths that differ", said(envelope(), headers=("Content-Length: 3",)), 400, OF_THE_HOST),
    Case("chunks", said(chunked(envelope().encode()), length=None, headers=CHUNKS), 500, "SCSE001"),
    Case(
        "chunks of one byte",
        said(chunked(*[bytes([byte]) for byte in envelope().encode()]), length=None, headers=CHUNKS),
        500,
        "SCSE001",
    ),
    Case(
        "a chunk whose size is no number",
        (*said(b"zz\r\nabc\r\n", length=None, headers=CHUNKS), HALF_CLOSE),
        400,
        "ESB001",
    ),
    Case(
        "chunks without an end",
        (*said(chunked(envelope().encode(), end=False), length=None, headers=CHUNKS), HALF_CLOSE),
        400,
        "ESB001",
    ),
    Case(
        "an unknown transfer coding",
        said(envelope(), length=None, headers=("Transfer-Encoding: gzip",)),
        (400, 501),
        OF_THE_HOST,
    ),
    Case("HTTP/1.0", said(envelope(), version="1.0"), 500, "SCSE001"),
    Case(
        "the answer to Expect is waited for",
        (post(PATH, length=len(envelope()), headers=("Expect: 100-continue",)), envelope().encode()),
        500,
        "SCSE001",
    ),
    Case(
        "two requests in one breath", (said(envelope())[0] + said(envelope())[0],), 500, "SCSE001", answers=2
    ),
    Case(
        "a header of 600 KB", said(envelope(), headers=("X-Long: " + "x" * 600_000,)), (400, 431), OF_THE_HOST
    ),
    Case(
        "three hundred headers",
        said(envelope(), headers=tuple(f"X-{i}: x" for i in range(300))),
        (400, 431),
        OF_THE_HOST,
    ),
    Case("a null byte in a header", said(envelope(), headers=("X: a\0b",)), 400, OF_THE_HOST),
    Case("not HTTP", (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",), 400, OF_THE_HOST),
]

METHOD_AND_PATH = [
    Case("GET without a document asked", asked(PATH), 405, "ESB002"),
    Case("PUT", said(envelope(), method="PUT"), 405, "ESB002"),
    Case("DELETE", asked(PATH, "DELETE"), 405, "ESB002"),
    Case("OPTIONS", asked(PATH, "OPTIONS"), 405, "ESB002"),
    Case("a method nobody knows", said(envelope(), method="FROBNICATE"), (400, 405), OF_THE_HOST),
    Case("HEAD without a document asked", asked(PATH, "HEAD"), 405),
    Case("an unknown path", (post("/soap/nothing", envelope().encode()),), 404, "ESB002"),
    Case("the path with a slash behind it", (post(f"{PATH}/", envelope().encode()),), 404, "ESB002"),
    Case("the path in capitals", (post("/SOAP/CONTRACTS", envelope().encode()),), 404, "ESB002"),
    Case("dots in the path", asked("/soap/../../../etc/passwd"), 404, "ESB002", lacks=SECRET),
    Case(
        "an operation at another service's path",
        (post("/soap/personal-file", envelope().encode()),),
        500,
        "ESB003",
    ),
    Case("?wsdl in capitals", asked(f"{PATH}?WSDL"), 200, contains=b"definitions"),
    Case("?singlewsdl in small letters", asked(f"{PATH}?singlewsdl"), 200, contains=b"definitions"),
    Case(
        "?wsdl for another host",
        asked(f"{PATH}?wsdl", "GET", "X-Forwarded-Host: evil.test"),
        200,
        contains=b"definitions",
        lacks=b"evil.test",
    ),
    Case("?wsdl of the host in the request line", asked(f"{PATH}?wsdl"), 200, lacks=b"bus.test"),
    Case("HEAD ?wsdl", asked(f"{PATH}?wsdl", "HEAD"), 200),
    Case(
        "?xsd of the contract", asked(f"{PATH}?xsd=common-v1.xsd"), 200, contains=b"urn:esutd-bus:common:v1"
    ),
    Case("?xsd of nothing", asked(f"{PATH}?xsd="), 404, "ESB002"),
    Case("?xsd up the folders", asked(f"{PATH}?xsd=../../../../etc/passwd"), 404, "ESB002", lacks=SECRET),
    Case(
        "?xsd up the folders, escaped",
        asked(f"{PATH}?xsd=..%2f..%2f..%2fetc%2fpasswd"),
        404,
        "ESB002",
        lacks=SECRET,
    ),
    Case("?xsd of an absolute path", asked(f"{PATH}?xsd=/etc/passwd"), 404, "ESB002", lacks=SECRET),
    Case("?xsd with a null byte", asked(f"{PATH}?xsd=common-v1.xsd%00"), 404, "ESB002"),
    Case("?xsd with a line break", asked(f"{PATH}?xsd=a%0d%0aX-Evil:%20yes"), 404, "ESB002", lacks=b"X-Evil"),
    Case("a line break in the query", asked(f"{PATH}?wsdl&a=%0d%0aX-Evil:%20yes"), 200, lacks=b"X-Evil"),
    Case("forty fields in the query", asked(f"{PATH}?" + "&".join("x" * 40)), 405, "ESB002"),
    Case(
        "a message with ?wsdl behind the path", (post(f"{PATH}?wsdl", envelope().encode()),), 500, "SCSE001"
    ),
]

CONTENT = [
    Case("no content type", said(envelope(), content_type=None), 415, "ESB002"),
    Case("a content type of nothing", said(envelope(), content_type=""), 415, "ESB002"),
    Case("JSON", said("{}", content_type="application/json"), 415, "ESB002"),
    Case("a form", said("a=b", content_type="application/x-www-form-urlencoded"), 415, "ESB002"),
    Case("SOAP 1.2 by content type", said(envelope(), content_type="application/soap+xml"), 415, "ESB002"),
    Case(
        "attachments",
        said(envelope(), content_type="multipart/related; type=text/xml; boundary=b"),
        415,
        "ESB002",
    ),
    Case("application/xml", said(envelope(), content_type="application/xml"), 500, "SCSE001"),
    Case(
        "Text/XML; Charset=UTF-8",
        said(envelope(), content_type='Text/XML; Charset="UTF-8"; action="x"'),
        500,
        "SCSE001",
    ),
    Case("charset utf-7", said(envelope(), content_type="text/xml; charset=utf-7"), 415, "ESB002"),
    Case("charset koi8-r", said(envelope(), content_type="text/xml; charset=koi8-r"), 415, "ESB002"),
    Case("charset of nonsense", said(envelope(), content_type="text/xml; charset=../../x"), 415, "ESB002"),
    Case(
        "charset twice",
        said(envelope(), content_type="text/xml; charset=utf-8; charset=utf-16"),
        415,
        "ESB002",
    ),
    Case(
        "charset utf-16, body in UTF-8",
        said(envelope(), content_type="text/xml; charset=utf-16"),
        415,
        "ESB002",
    ),
    Case("charset utf-8, body in UTF-16", said(UTF16.encode("utf-16")), 415, "ESB002"),
    Case("charset utf-8, declared UTF-16", said(UTF16), 415, "ESB002"),
    Case(
        "declared koi8-r",
        said('<?xml version="1.0" encoding="koi8-r"?>' + envelope(), content_type="text/xml"),
        415,
        "ESB002",
    ),
    Case(
        "declared utf-7",
        said('<?xml version="1.0" encoding="utf-7"?>' + envelope(), content_type="text/xml"),
        415,
        "ESB002",
    ),
    Case(
        "UTF-16 with a byte order mark",
        said(UTF16.encode("utf-16"), content_type="text/xml; charset=utf-16"),
        500,
        "SCSE001",
    ),
    Case(
        "UTF-16BE with a byte order mark, no charset",
        said(("\ufeff" + UTF16).encode("utf-16-be"), content_type="text/xml"),
        500,
        "SCSE001",
    ),
    Case("UTF-32", said(envelope().encode("utf-32"), content_type="text/xml"), 415, "ESB002"),
    Case(
        "EBCDIC",
        said(('<?xml version="1.0"?>' + envelope()).encode("cp037"), content_type="text/xml"),
        415,
        "ESB002",
    ),
    Case("UTF-8 with a byte order mark", said(b"\xef\xbb\xbf" + envelope().encode()), 500, "SCSE001"),
    Case("two byte order marks", said(b"\xef\xbb\xbf\xef\xbb\xbf" + envelope().encode()), 500, "ESB001"),
    Case("a byte order mark alone", said(b"\xef\xbb\xbf"), 500, "ESB001"),
    Case(
        "compressed",
        said(gzip.compress(envelope().encode()), headers=("Content-Encoding: gzip",)),
        415,
        "ESB002",
    ),
    Case("compressed, and not saying so", said(gzip.compress(envelope().encode())), 500, "ESB001"),
]

XML = [
    Case("not XML", said("hello"), 500, "ESB001"),
    Case("blanks alone", said(" \n "), 500, "ESB001"),
    Case("an element that is not closed", said(envelope()[:-4]), 500, "ESB001"),
    Case("two documents", said(envelope() * 2), 500, "ESB001"),
    Case("a blank before the XML declaration", said(' <?xml version="1.0"?>' + envelope()), 500, "ESB001"),
    Case("a prefix without a namespace", said(envelope("<x:a/>")), 500, "ESB001"),
    Case("an attribute twice", said(envelope('<a b="1" b="2"/>')), 500, "ESB001"),
    Case("a null byte", said(envelope("<a>\0</a>")), 500, "ESB001"),
    Case("null bytes alone", said(b"\0" * 1000), 500, "ESB001"),
    Case("a null by reference", said(envelope("<a>&#0;</a>")), 500, "ESB001"),
    Case(
        "bytes that are not UTF-8",
        said(envelope("<a>\udcff\udcfe</a>").encode("utf-8", "surrogateescape")),
        500,
        "ESB001",
    ),
    Case("half a surrogate pair by reference", said(envelope("<a>&#xD800;</a>")), 500, "ESB001"),
    Case(
        "an overlong encoding", said(envelope("<a>!</a>").encode().replace(b"!", b"\xc0\xbc")), 500, "ESB001"
    ),
    Case("a DTD", said("<!DOCTYPE e>" + envelope()), 500, "ESB002"),
    Case(
        "a DTD after a comment and an instruction",
        said("<!-- a --><?b c?><!DOCTYPE e>" + envelope()),
        500,
        "ESB002",
    ),
    Case(
        "a DTD in UTF-16",
        said(
            ('<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE e>' + envelope()).encode("utf-16"),
            content_type="text/xml",
        ),
        500,
        "ESB002",
    ),
    Case("a billion laughs", said(_laughs()), 500, "ESB002"),
    Case("quadratic blow-up", said(DTD_QUADRATIC + envelope("<a>" + "&a;" * 15000 + "</a>")), 500, "ESB002"),
    Case(
        "an external entity",
        said('<!DOCTYPE e [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + envelope("<a>&x;</a>")),
        500,
        "ESB002",
        lacks=SECRET,
    ),
    Case(
        "a parameter entity",
        said('<!DOCTYPE e [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]>' + envelope()),
        500,
        "ESB002",
        lacks=SECRET,
    ),
    Case(
        "an external DTD", said('<!DOCTYPE e SYSTEM "http://127.0.0.1:1/e.dtd">' + envelope()), 500, "ESB002"
    ),
    Case("an entity nobody declared", said(envelope("<a>&nbsp;</a>")), 500, "ESB001"),
    Case("elements 70 deep", said(_nested(70)), 500, "ESB001"),
    Case("elements 10 000 deep", said(_nested(10_000)), 500, "ESB001"),
    Case("nine thousand attributes", said(envelope(_asking(ATTRIBUTES))), 500, "SCSE001"),
    Case("two thousand namespaces", said(envelope(_asking(NAMESPACES))), 500, "ESB001"),
    Case("a text of 90 KB", said(envelope(_asking(content="x" * 90_000))), 500, "SCSE001"),
    Case("a name of 90 KB", said(envelope(f"<{'x' * 45_000}/>")), 500, ("ESB001", "ESB003")),
    Case(
        "a stylesheet asked for",
        said('<?xml-stylesheet href="http://127.0.0.1:1/x.xsl"?>' + envelope()),
        500,
        "SCSE001",
    ),
    Case(
        "an inclusion asked for",
        said(
            envelope(
                '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd" parse="text"/>'
            )
        ),
        500,
        "ESB003",
        lacks=SECRET,
    ),
]

SOAP = [
    Case("not SOAP", said("<a/>"), 500, "ESB002"),
    Case("SOAP 1.2", said(envelope(ns="http://www.w3.org/2003/05/soap-envelope")), 500, "ESB002"),
    Case("an Envelope of no namespace", said("<Envelope><Body/></Envelope>"), 500, "ESB002"),
    Case("HTML", said("<html><body/></html>"), 500, "ESB002"),
    Case("no Body", said(f'<e:Envelope xmlns:e="{NS}"/>'), 500, "ESB002"),
    Case("a Header alone", said(f'<e:Envelope xmlns:e="{NS}"><e:Header/></e:Envelope>'), 500, "ESB002"),
    Case("an empty Body", said(envelope("")), 500, "ESB002"),
    Case("a Body of a comment", said(envelope("<!-- c -->")), 500, "ESB002"),
    Case("text in the Body", said(envelope("text" + PAYLOAD)), 500, "ESB002"),
    Case("two elements in the Body", said(envelope(PAYLOAD * 2)), 500, "ESB002"),
    Case("two Bodies", said(envelope(after=f"<e:Body>{PAYLOAD}</e:Body>")), 500, "ESB002"),
    Case("an element after the Body", said(envelope(after="<x/>")), 500, "ESB002"),
    Case("a Header after the Body", said(envelope(after="<e:Header/>")), 500, "ESB002"),
    Case("two Headers", said(envelope(header="<e:Header/><e:Header/>")), 500, "ESB002"),
    Case("an unknown header that must be understood", said(envelope(header=MUST)), 500, "ESB002"),
    Case("the same, said as true", said(envelope(header=MUST.replace('"1"', '"true"'))), 500, "ESB002"),
    Case(
        "an unknown header that may be passed over",
        said(envelope(header=MUST.replace('"1"', '"0"'))),
        500,
        "SCSE001",
    ),
    Case("a comment beside the payload", said(envelope(f"<!-- a -->{PAYLOAD}<!-- b -->")), 500, "SCSE001"),
    Case(
        "an unknown operation",
        said(envelope('<c:DropTables xmlns:c="urn:esutd-bus:contracts:v1"/>')),
        500,
        "ESB003",
    ),
    Case("an operation of no namespace", said(envelope("<GetContract/>")), 500, "ESB003"),
    Case(
        "an operation of another namespace", said(envelope('<c:GetContract xmlns:c="urn:x"/>')), 500, "ESB003"
    ),
    Case(
        "the answer as a request",
        said(envelope('<c:GetContractResponse xmlns:c="urn:esutd-bus:contracts:v1"/>')),
        500,
        "ESB003",
    ),
    Case("a Fault as a request", said(envelope("<e:Fault/>")), 500, "ESB003"),
    Case(
        "an operation by SOAPAction alone",
        said(envelope("<x/>"), headers=('SOAPAction: "urn:esutd-bus:contracts:v1:GetContract"',)),
        500,
        "ESB003",
    ),
    Case(
        "spyne's own method for the unknown",
        said(envelope('<c:AnyOperation xmlns:c="urn:esutd-bus:contracts:v1"/>')),
        500,
        "ESB003",
    ),
    Case(
        "a payload elsewhere, pointed at",
        said(
            envelope(
                '<c:GetContract xmlns:c="urn:esutd-bus:contracts:v1" href="#x"/>',
                header='<e:Header><x id="x"/></e:Header>',
            )
        ),
        500,
        "SCSE001",
    ),
]

CASES = [*SIZE, *FRAMING, *METHOD_AND_PATH, *CONTENT, *XML, *SOAP]
