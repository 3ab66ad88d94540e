"""The SOAP 1.1 envelope, and what is refused before anything else is looked at."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from esutd_bus.soap.envelope import (
    DEPTH_LIMIT,
    PREFIX_LIMIT,
    SOAP11,
    SOAP12,
    TAG_LIMIT,
    WSSE,
    SoapError,
    answer_envelope,
    fault_envelope,
    open_envelope,
)

GOOD = f'<s:Envelope xmlns:s="{SOAP11}"><s:Header/><s:Body><a xmlns="urn:a">да</a></s:Body></s:Envelope>'


def soap(inside: str, ns: str = SOAP11) -> bytes:
    return f'<s:Envelope xmlns:s="{ns}">{inside}</s:Envelope>'.encode()


def refusal(body: bytes) -> str:
    with pytest.raises(SoapError) as caught:
        open_envelope(body)
    return caught.value.code


def test_a_message() -> None:
    envelope = open_envelope(GOOD.encode())
    assert envelope.payload.tag == "{urn:a}a"
    assert envelope.payload.getparent() is envelope.body
    assert envelope.header is not None
    assert envelope.raw == GOOD.encode()


@pytest.mark.parametrize(
    "body",
    [
        soap("<s:Body><a/></s:Body>"),
        b"\n \n"
        + soap("<!-- x -->\n<s:Header>\n</s:Header><?x?> <s:Body>\n<!-- x --><a/> </s:Body> <!-- -->"),
        b"<!-- <!DOCTYPE a> --><?x <!DOCTYPE a> ?>"
        + soap("<s:Body><a>&lt;!DOCTYPE a></a></s:Body>")
        + b"<!-- -->\n",
        soap("<s:Body><a><![CDATA[<!DOCTYPE a>]]></a></s:Body>"),
        soap('<s:Body xmlns:u="urn:u" u:Id="b"><a/></s:Body>'),
        GOOD.replace("<s:Envelope", f'<s:Envelope s:encodingStyle="{SOAP11}"').encode(),
        f'<?xml version="1.0"?>{GOOD}'.encode(),
        f'<?xml version="1.0" encoding="UTF-8"?>{GOOD}'.encode(),
        f"<?xml version='1.0' encoding = 'utf-8' standalone='yes'?>{GOOD}".encode(),
        GOOD.encode("utf-8-sig"),
        GOOD.encode("utf-16"),
        f'<?xml version="1.0" encoding="UTF-16"?>{GOOD}'.encode("utf-16"),
        f'<?xml version="1.0" encoding="utf-16"?>{GOOD}'.encode("utf-16-be"),
        f'<?xml version="1.0" encoding="UTF-16LE"?>{GOOD}'.encode("utf-16-le"),
        b"\xfe\xff" + f'<?xml version="1.0" encoding="UTF-16"?>{GOOD}'.encode("utf-16-be"),
    ],
)
def test_what_is_taken(body: bytes) -> None:
    payload = open_envelope(body).payload
    assert etree.QName(payload).localname == "a"
    assert payload.text in {None, "да", "<!DOCTYPE a>"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"not xml",
        b"{}",
        b"\0",
        b"\xff\xfe",
        GOOD.encode()[:-1],
        GOOD.encode() + b"x",
        GOOD.encode() + GOOD.encode(),
        GOOD.encode() + b"\0",
        GOOD.encode() + b"\0<x/>",
        GOOD.replace("да", "\0").encode(),
        GOOD.replace("да", "&#0;").encode(),
        GOOD.replace("да", "&#x1F;").encode(),
        GOOD.replace("да", "\x1f").encode(),
        GOOD.replace("да", "&e;").encode(),
        GOOD.replace("да", "\ufffe").encode(),
        GOOD.replace("<a ", '<a b="1" b="2" ').encode(),
        GOOD.replace("<a ", "<p:a ").encode(),
        GOOD.encode("cp1251"),
        GOOD.encode("utf-32"),
        GOOD.encode()[:60] + b"\xc3\x28" + GOOD.encode()[60:],
        f'<?xml version="1.0" encoding="windows-1251"?>{GOOD}'.encode("cp1251"),
        f'<?xml version="1.0" encoding="ISO-8859-1"?>{GOOD}'.encode(),
        f'<?xml version="1.0" encoding="UTF-16"?>{GOOD}'.encode(),
        f'<?xml version="1.0" encoding="UTF-8"?>{GOOD}'.encode("utf-16"),
        f'<?xml version="1.0" encoding="UTF-7"?>{GOOD}'.encode(),
        f'<?xml version="1.0" encoding=""?>{GOOD}'.encode(),
        soap("<s:Body>" + "<a>" * (DEPTH_LIMIT - 1) + "</a>" * (DEPTH_LIMIT - 1) + "</s:Body>"),
        soap("<s:Body>" + "<a>" * 5000 + "</a>" * 5000 + "</s:Body>"),
    ],
)
def test_what_is_not_well_formed_or_not_taken(body: bytes) -> None:
    assert refusal(body) == "ESB001"


@pytest.mark.parametrize(
    "body",
    [
        f"<!DOCTYPE a>{GOOD}".encode(),
        f'<?xml version="1.0"?>\n<!-- --> <?x?><!DOCTYPE a>{GOOD}'.encode(),
        f"<!DOCTYPE a []>{GOOD}".encode(),
        f'<!DOCTYPE a [<!ENTITY e "да">]>{GOOD.replace("да", "&e;")}'.encode(),
        f"<!DOCTYPE a>{GOOD}".encode("utf-16"),
    ],
)
def test_a_soap_message_holds_no_document_type_declaration(body: bytes) -> None:
    assert refusal(body) == "ESB002"


def declaring(count: int) -> str:
    """A message that declares as many prefixes: its own, and those of one element."""
    return GOOD.replace("<a ", "<a " + " ".join(f'xmlns:p{one}="urn:p"' for one in range(count - 2)) + " ")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_prefixes_are_few(encoding: str) -> None:
    assert open_envelope(declaring(PREFIX_LIMIT).encode(encoding))
    assert refusal(declaring(PREFIX_LIMIT + 1).encode(encoding)) == "ESB001"


def test_the_same_prefix_may_be_declared_often() -> None:
    assert open_envelope(
        soap("<s:Body><a>" + "<b xmlns='urn:b' xmlns:p = 'urn:p'/>" * PREFIX_LIMIT + "</a></s:Body>")
    )


def test_tags_are_not_without_number() -> None:
    def holding(tags: int) -> bytes:
        return soap("<s:Body><a>" + "<b/>" * tags + "</a></s:Body>")

    around = holding(0).count(b"<")
    assert open_envelope(holding(TAG_LIMIT - around))
    assert refusal(holding(TAG_LIMIT - around + 1)) == "ESB001"


def test_as_deep_as_may_be() -> None:
    deepest = DEPTH_LIMIT - 2
    assert open_envelope(soap("<s:Body>" + "<a>" * deepest + "</a>" * deepest + "</s:Body>"))


@pytest.mark.parametrize(
    "body",
    [
        b"<a/>",
        b"<Envelope><Body><a/></Body></Envelope>",
        soap("<s:Body><a/></s:Body>", SOAP12),
        soap("<s:Body><a/></s:Body>", "urn:other"),
        soap(""),
        soap("<s:Header/>"),
        soap("<s:Body/>"),
        soap("<s:Body> <!-- --> </s:Body>"),
        soap("<s:Body>text</s:Body>"),
        soap("<s:Body><a/>text</s:Body>"),
        soap("<s:Body><a/><b/></s:Body>"),
        soap("<s:Body><a/></s:Body><s:Body><a/></s:Body>"),
        soap("<s:Body><a/></s:Body><s:Header/>"),
        soap("<s:Body><a/></s:Body><b/>"),
        soap("<s:Header/><s:Header/><s:Body><a/></s:Body>"),
        soap("<b/><s:Body><a/></s:Body>"),
        soap("text<s:Body><a/></s:Body>"),
        soap("<Body><a/></Body>"),
    ],
)
def test_what_is_not_soap(body: bytes) -> None:
    assert refusal(body) == "ESB002"


class TestMustUnderstand:
    @staticmethod
    def with_block(block: str) -> bytes:
        return soap(f"<s:Header>{block}</s:Header><s:Body><a/></s:Body>")

    @pytest.mark.parametrize("mark", ["1", "true", " 1 "])
    def test_a_block_unknown_here(self, mark: str) -> None:
        block = f'<t:Transaction xmlns:t="urn:t" s:mustUnderstand="{mark}"/>'
        assert refusal(self.with_block(block)) == "ESB002"

    def test_a_block_for_whoever_is_next(self) -> None:
        actor = "http://schemas.xmlsoap.org/soap/actor/next"
        block = f'<t:T xmlns:t="urn:t" s:mustUnderstand="1" s:actor="{actor}"/>'
        assert refusal(self.with_block(block)) == "ESB002"

    def test_security_of_another_namespace(self) -> None:
        assert refusal(self.with_block('<Security xmlns="urn:t" s:mustUnderstand="1"/>')) == "ESB002"

    @pytest.mark.parametrize(
        "block",
        [
            f'<w:Security xmlns:w="{WSSE}" s:mustUnderstand="1"/>',
            '<t:T xmlns:t="urn:t"/>',
            '<t:T xmlns:t="urn:t" s:mustUnderstand="0"/>',
            '<t:T xmlns:t="urn:t" mustUnderstand="1"/>',
            '<t:T xmlns:t="urn:t" s:mustUnderstand="1" s:actor="urn:somebody-else"/>',
        ],
    )
    def test_what_passes(self, block: str) -> None:
        assert open_envelope(self.with_block(block)).header is not None


def test_a_refusal_does_not_quote_the_message() -> None:
    with pytest.raises(SoapError) as caught:
        open_envelope(GOOD.replace("да", "<Иванов>").encode())
    assert "Иванов" not in str(caught.value)


@given(st.binary(max_size=200))
def test_bytes_are_opened_or_refused(body: bytes) -> None:
    with pytest.raises(SoapError):
        open_envelope(body)


@given(
    st.integers(0, len(GOOD.encode()) - 1),
    st.binary(max_size=4),
    st.integers(0, 8),
    st.sampled_from(["utf-8", "utf-16"]),
)
def test_damaged_messages_are_opened_or_refused(place: int, new: bytes, gone: int, encoding: str) -> None:
    whole = GOOD.encode(encoding)
    with contextlib.suppress(SoapError):
        open_envelope(whole[:place] + new + whole[place + gone :])


def test_an_answer() -> None:
    opened = open_envelope(answer_envelope("<a xmlns='urn:a'>да</a>".encode()))
    assert (opened.payload.tag, opened.payload.text) == ("{urn:a}a", "да")


@pytest.mark.parametrize("text", ["нет", "<&>]]>", "a\x1fb\ud800", ""])
def test_a_fault_goes_out_whatever_its_text(text: str) -> None:
    fault = open_envelope(fault_envelope("Client", text, b"<a/>")).payload
    assert fault.tag == f"{{{SOAP11}}}Fault"
    assert [child.tag for child in fault] == ["faultcode", "faultstring", "detail"]
    assert fault.findtext("faultcode") == "soap:Client"
    assert fault.nsmap["soap"] == SOAP11
    assert (fault.findtext("faultstring") or "") == text.replace("\x1f", "\ufffd").replace("\ud800", "\ufffd")
    assert fault.find("detail/a") is not None


def test_a_fault_without_detail() -> None:
    fault = open_envelope(fault_envelope("Server", "занято", None)).payload
    assert fault.find("detail") is None
