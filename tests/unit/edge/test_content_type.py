from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esutd_bus.edge.content_type import charset_of, check_content_encoding, check_encoding
from esutd_bus.edge.head import RequestHead
from esutd_bus.edge.refused import Refused


def head(**headers: str) -> RequestHead:
    return RequestHead("POST", "/", "", {name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    ("value", "charset"),
    [
        ("text/xml", None),
        ("TEXT/XML", None),
        ("application/xml; charset=UTF-8", "utf-8"),
        ('text/xml;charset="utf-16"', "utf-16"),
        ("text/xml ; charset=utf8 ; action=x", "utf8"),
        ('text/xml; charset="u\\tf-8"', "utf-8"),
        ("text/xml;", None),
    ],
)
def test_takes(value: str, charset: str | None) -> None:
    assert charset_of(head(content_type=value)) == charset


@pytest.mark.parametrize(
    "value",
    [
        "",
        "text/plain",
        "application/soap+xml; charset=utf-8",
        "multipart/related; type=text/xml",
        "text/xml, text/xml",
        "text/xml; charset=koi8-r",
        "text/xml; charset=utf-7",
        "text/xml; charset=us-ascii",
        "text/xml; charset=utf-8; charset=utf-16",
        "text/xml; charset='utf-8'",
        'text/xml; charset="utf-8',
        "text/xml charset=utf-8",
        "text/xml; charset",
        "text/xml\n",
    ],
)
def test_refuses(value: str) -> None:
    with pytest.raises(Refused) as refused:
        charset_of(head(content_type=value))
    assert (refused.value.status, refused.value.code) == (415, "ESB002")


@given(st.text())
def test_any_content_type_is_taken_or_refused(value: str) -> None:
    with suppress(Refused):
        assert charset_of(head(content_type=value)) in {
            None,
            "utf-8",
            "utf8",
            "utf-16",
            "utf-16le",
            "utf-16be",
        }


def test_only_identity_coding() -> None:
    check_content_encoding(head())
    check_content_encoding(head(content_encoding="Identity"))
    for coding in ("gzip", "identity, gzip", "br"):
        with pytest.raises(Refused):
            check_content_encoding(head(content_encoding=coding))


UTF8 = b'<?xml version="1.0" encoding="UTF-8"?><a/>'
UTF16_DECLARED = '<?xml version="1.0" encoding="UTF-16"?><a/>'


@pytest.mark.parametrize(
    ("charset", "body"),
    [
        (None, b"<a/>"),
        ("utf-8", b"<a/>"),
        ("utf8", UTF8),
        (None, b"\xef\xbb\xbf" + UTF8),
        ("utf-16", UTF16_DECLARED.encode("utf-16")),
        (None, UTF16_DECLARED.encode("utf-16")),
        ("utf-16", "<a/>".encode("utf-16")),
        ("utf-16le", "<a/>".encode("utf-16-le")),
        ("utf-16be", "<a/>".encode("utf-16-be")),
        ("utf-16", "<a/>".encode("utf-16-be")),
        (None, b""),
        (None, b"not XML at all"),
        ("utf-8", b"<?xml version='1.0' standalone='yes'?><a/>"),
    ],
)
def test_what_agrees_is_taken(charset: str | None, body: bytes) -> None:
    check_encoding(charset, body)


@pytest.mark.parametrize(
    ("charset", "body"),
    [
        ("utf-16", UTF8),
        ("utf-8", UTF16_DECLARED.encode("utf-16")),
        ("utf-16le", "<a/>".encode("utf-16-be")),
        ("utf-8", b'<?xml version="1.0" encoding="utf-16"?><a/>'),
        (None, b'<?xml version="1.0" encoding="utf-16"?><a/>'),
        (None, b'<?xml version="1.0" encoding="koi8-r"?><a/>'),
        (None, b"<?xml version='1.0'\n encoding = 'utf-7' ?><a/>"),
        ("utf-8", b'<?xml version="1.0" encoding="windows-1251"?><a/>'),
        (None, b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-16"?><a/>'),
        (None, UTF8.decode().encode("utf-16")),
        (None, "<a/>".encode("utf-32")),
        (None, "<a/>".encode("utf-32-le")),
        (None, "<a/>".encode("utf-32-be")),
        (None, '<?xml version="1.0" encoding="cp037"?><a/>'.encode("cp037")),
        (None, b'<?xml version="1.0" encoding=""?><a/>'),
        (None, b'<?xml version="1.0"' + b" " * 5000 + b'encoding="koi8-r"?><a/>'),
    ],
)
def test_what_contradicts_is_refused(charset: str | None, body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        check_encoding(charset, body)
    assert refused.value.status == 415


@given(st.sampled_from([None, "utf-8", "utf-16", "utf-16le"]), st.binary())
def test_any_body_is_taken_or_refused(charset: str | None, body: bytes) -> None:
    with suppress(Refused):
        check_encoding(charset, body)


@given(st.text(), st.sampled_from(["utf-8", "utf-16"]))
def test_a_truthful_label_never_hurts(text: str, encoding: str) -> None:
    document = f'<?xml version="1.0" encoding="{encoding}"?><a>{text}</a>'.encode(encoding, "replace")
    check_encoding(encoding, document)
