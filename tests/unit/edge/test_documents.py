from __future__ import annotations

from contextlib import suppress

import pytest
from fake_engine import Contract
from hypothesis import given
from hypothesis import strategies as st

from esutd_bus.edge.documents import contract_document
from esutd_bus.edge.refused import Refused

URL = "https://register.example"


def document(query: str) -> bytes | None:
    return contract_document(Contract(), query, URL)  # type: ignore[arg-type]  # as much of it as is asked


@pytest.mark.parametrize("query", ["wsdl", "WSDL", "Wsdl=", "wsdl&x=1", "x&wsdl", "wsdl=1"])
def test_wsdl(query: str) -> None:
    assert document(query) == f"<wsdl at='{URL}/soap/test'/>".encode()


def test_single_wsdl() -> None:
    assert document("singleWsdl") == document("SINGLEWSDL") == f"<flat at='{URL}/soap/test'/>".encode()


def test_schema() -> None:
    expected = f"<xs:schema of='{URL}'/>".encode()
    assert document("xsd=test-v1.xsd") == document("XSD=test%2Dv1.xsd") == expected


@pytest.mark.parametrize(
    "name", ["", "TEST-V1.XSD", "../test-v1.xsd", "..%2f..%2fetc%2fpasswd", "%0d%0aX: y", "%00"]
)
def test_no_such_schema(name: str) -> None:
    with pytest.raises(Refused) as refused:
        document(f"xsd={name}")
    assert refused.value.status == 404
    assert name == "" or name not in str(refused.value)


@pytest.mark.parametrize("query", ["", "foo", "wsdl2", "&".join("x" * 40)])
def test_no_document_asked(query: str) -> None:
    assert document(query) is None


@given(st.text())
def test_any_query_has_an_answer(query: str) -> None:
    with suppress(Refused):
        document(query)
