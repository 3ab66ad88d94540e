"""PKCS#11 URIs: what they name, and what is refused without quoting a PIN."""

from __future__ import annotations

import pytest

from esutd_bus.signature.keys import KeyFileError
from esutd_bus.signature.token.uri import read_token_uri


def test_what_a_uri_names() -> None:
    uri = read_token_uri(
        "pkcs11:token=%D0%95%D0%A1%D0%A3%D0%A2%D0%94%20%3B;object=service;id=%01%fF;type=private"
        "?module-path=/usr/lib/a%26b.so"
    )
    assert (uri.token, uri.serial, uri.label, uri.id) == ("ЕСУТД ;", None, "service", b"\x01\xff")
    assert uri.module_path == "/usr/lib/a&b.so"
    assert str(uri).endswith(";object=service;id=%01%fF;type=private")
    assert read_token_uri("pkcs11:serial=4711;id=a?module-path=m").serial == "4711"


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("pkcs11:token=t;object=o", "module-path"),
        ("pkcs11:object=o?module-path=m", "must name the token"),
        ("pkcs11:token=t?module-path=m", "must name the token .* and the key"),
        ("pkcs11:?module-path=m", "must name the token"),
        ("pkcs11:token=t;object=o;type=cert?module-path=m", "type="),
        ("pkcs11:token=t;object=o;slot-id=1?module-path=m", "the attribute slot-id is not known"),
        (
            "pkcs11:token=t;object=o;object=p?module-path=m",
            "the attribute object is not known, or given twice",
        ),
        ("pkcs11:token=t;object?module-path=m", "the attribute object"),
        ("pkcs11:token=%FF;object=o?module-path=m", "no text in UTF-8"),
        ("pkcs11:token=t;object=o?module-path=m&pin-value=4711", "the PIN does not belong in the URI"),
        ("pkcs11:token=t;object=o?pin-source=/run/4711&module-path=m", "the PIN does not belong in the URI"),
    ],
)
def test_what_is_refused(uri: str, why: str) -> None:
    with pytest.raises(KeyFileError, match=why) as refused:
        read_token_uri(uri)
    assert "4711" not in str(refused.value)
