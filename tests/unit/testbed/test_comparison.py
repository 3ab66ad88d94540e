from __future__ import annotations

import pytest
from fixture_folders import FAULT, NOW
from hypothesis import given
from hypothesis import strategies as st

from esutd_bus.register.calendar import Calendar
from esutd_bus.testbed.answers import read_answer
from esutd_bus.testbed.comparison import differences
from esutd_bus.testbed.expectation import read_expectation
from esutd_bus.testbed.placeholders import Filling

EXPECTED = """\
signer: employer
warning: [SCSE088]
volatile: [receipt/messageId, entry/at]
answer: |
  <R xmlns="urn:a" xmlns:c="urn:c">
    <receipt>
      <c:requestId>${uuid:request}</c:requestId>
      <c:messageId>…</c:messageId>
      <c:code>SCSS001</c:code>
      <c:warning><c:code>SCSE088</c:code></c:warning>
    </receipt>
    <id>17</id>
    <entry><at>…</at><what>one</what></entry>
    <entry><at>…</at><what>two</what></entry>
  </R>
"""

CAME = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
    '<q:R xmlns:q="urn:a"><q:receipt><requestId xmlns="urn:c">{request}</requestId>'
    '<messageId xmlns="urn:c">m-1</messageId><code xmlns="urn:c">SCSS001</code>'
    '<warning xmlns="urn:c"><code>SCSE088</code></warning></q:receipt><q:id>17</q:id>'
    "<q:entry><q:at>1</q:at><q:what>one</q:what></q:entry>"
    "<q:entry><q:at>2</q:at><q:what>two</q:what></q:entry></q:R></e:Body></e:Envelope>"
)

FILLING = Filling(now=NOW, calendar=Calendar())
REQUEST = FILLING.fill("${uuid:request}")


def found(expect: str, came: str, status: int = 200, headers: dict[str, str] | None = None) -> str:
    answer = read_answer(status, headers or {}, came.replace("{request}", REQUEST).encode())
    return "\n".join(differences(read_expectation(expect), answer, FILLING))


def fault(came: str, expect: str = "code: SCSE003\nfield: contract/number\n", status: int = 500) -> str:
    return found(f"signer: employer\n{expect}", came, status)


def test_prefixes_indentation_and_volatile_text_do_not_count() -> None:
    assert found(EXPECTED, CAME) == ""


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        (">17<", ">18<", "-R/id = 17\n+R/id = 18"),
        (">17<", "><", "+R/id = "),
        (">17<", "> 17<", "+R/id =  17"),
        ("SCSS001", "SCSS002", "+R/receipt/code {urn:c} = SCSS002"),
        ("{request}", "other", "+R/receipt/requestId {urn:c} = other"),
        ("<q:id>17</q:id>", "", "-R/id = 17"),
        ("<q:id>17</q:id>", "<q:id>17</q:id><q:extra/>", "+R/extra"),
        (
            "<q:id>17</q:id>",
            '<q:id xml:lang="ru">17</q:id>',
            "+R/id/@{http://www.w3.org/XML/1998/namespace}lang = ru",
        ),
        ("<q:id>17</q:id>", '<id xmlns="urn:b">17</id>', "+R/id {urn:b} = 17"),
        ("<q:id>17</q:id>", "<q:id>17</q:id>text", "+R {urn:a} = text"),
        (">one<", ">two<", "-R/entry/what = one"),
        ("<q:at>1</q:at>", "", "-R/entry/at = …"),
        ("<q:at>1</q:at>", "<q:at/>", "+R/entry/at = "),
        (">m-1<", "> <", "-R/receipt/messageId {urn:c} = …"),
        ("q:R", "q:S", "+S {urn:a}"),
        (">SCSE088<", ">SCSE089<", "warnings: expected SCSE088, got SCSE089"),
    ],
)
def test_a_change_of_the_answer_is_seen(was: str, becomes: str, told: str) -> None:
    assert was in CAME
    assert told in found(EXPECTED, CAME.replace(was, becomes))


def test_two_elements_that_changed_places_are_seen() -> None:
    one, two = (
        f"<q:entry><q:at>{n}</q:at><q:what>{what}</q:what></q:entry>" for n, what in ((1, "one"), (2, "two"))
    )
    assert found(EXPECTED, CAME.replace(one + two, two + one)) != ""


@given(leaf=st.sampled_from(["SCSS001", "SCSE088", "17", "one", "two"]), text=st.text("abc01", max_size=8))
def test_any_other_value_of_a_stable_leaf_is_seen(leaf: str, text: str) -> None:
    came = CAME.replace(f">{leaf}<", f">{text}<")
    assert (found(EXPECTED, came) == "") == (text == leaf)


def test_an_expected_answer_is_filled_like_its_request() -> None:
    today = EXPECTED.replace(">17<", ">${today+10d}<")
    assert found(today, CAME.replace(">17<", ">2026-01-24<")) == ""
    assert "2026-01-25" in found(today, CAME.replace(">17<", ">2026-01-25<"))


def test_a_fault_as_expected() -> None:
    assert fault(FAULT) == ""


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        (
            "SCSE003",
            "SCSE004",
            "missing error: SCSE003 · contract/number\nunexpected error: SCSE004 · contract/number",
        ),
        ("contract/number", "number", "unexpected error: SCSE003 · number"),
        ("<field>contract/number</field>", "", "unexpected error: SCSE003"),
        ("s:Client", "s:Server", "faultcode: expected Client, got Server"),
        ("ә", " ", "error SCSE003: no messageKk"),
        ("<messageEn>a</messageEn>", "", "error SCSE003: no messageEn"),
        ("</error>", "</error><error><code>SCSE004</code></error>", "unexpected error: SCSE004"),
        ("urn:esutd-bus:common:v1", "urn:other", "missing error: SCSE003"),
    ],
)
def test_a_change_of_the_fault_is_seen(was: str, becomes: str, told: str) -> None:
    assert was in FAULT
    assert told in fault(FAULT.replace(was, becomes))


def test_details_of_an_error_count_where_they_are_named() -> None:
    came = FAULT.replace("<field>", "<reason>absent</reason><field>")
    assert fault(came) == ""
    assert fault(came, "code: SCSE003\nfield: contract/number\nreason: absent\n") == ""
    assert "missing error" in fault(came, "code: SCSE003\nfield: contract/number\nreason: expired\n")
    assert "missing error" in fault(came, "code: SCSE003\nfield: contract/number\nupstream_code: X\n")


def test_several_errors_are_compared_in_whatever_order() -> None:
    other = "<error><code>ESB004</code><messageRu>а</messageRu><messageKk>ә</messageKk><messageEn>a</messageEn></error>"
    came = FAULT.replace("<error>", other + "<error>", 1)
    both = "errors:\n  - {code: SCSE003, field: contract/number}\n  - {code: ESB004}\n"
    assert fault(came, both) == ""
    assert "missing error: ESB004" in fault(FAULT, both)
    assert "missing error: SCSE003" in fault(FAULT, both.replace("ESB004", "SCSE003, field: contract/number"))


def test_a_fault_for_an_answer_and_an_answer_for_a_fault_are_seen() -> None:
    assert "unexpected error: SCSE003 · contract/number" in found(EXPECTED, FAULT, 500)
    assert "faultcode: expected no fault, got Client" in found(EXPECTED, FAULT, 500)
    assert "missing error: SCSE003 · contract/number" in fault(CAME, status=200)


def test_http_counts_too() -> None:
    assert "HTTP status: expected 500, got 200" in fault(FAULT, status=200)
    expect = "code: SCSE003\nfield: contract/number\nhttp: {status: 405, headers: {Allow: POST}}\n"
    came = read_answer(405, {"ALLOW": "POST"}, FAULT.encode())
    assert differences(read_expectation("signer: none\n" + expect), came, FILLING) == []
    assert "HTTP header Allow: expected POST, got none" in fault(FAULT, expect, 405)


@pytest.mark.parametrize("came", ["", "<html><body>oops</body></html>", "not XML", "<e/>"])
def test_what_is_no_envelope_is_told(came: str) -> None:
    assert "not " in fault(came)


def test_answers_are_compared_byte_for_byte_where_that_is_asked() -> None:
    expect = read_expectation("signer: employer\nafter: [first]\nsame_answer_as: first\nwarning: [SCSE088]\n")
    first, same = (read_answer(200, {}, CAME.encode()) for _ in range(2))
    other = read_answer(200, {}, CAME.replace("><q:id", ">\n<q:id").encode())
    assert differences(expect, same, FILLING, first) == []
    assert "not the answer of first, byte for byte" in differences(expect, other, FILLING, first)
