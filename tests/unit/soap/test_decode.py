"""A payload as values, and everything wrong with it at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from esutd_bus.soap.contract import Operation
from esutd_bus.soap.examination import PROBLEM_LIMIT, examine
from esutd_bus.soap.problem import Decoded, Problem

Decode = Callable[..., Decoded]

NUMBER = "<c:number>17</c:number>"
STARTS = "<c:startsOn>2026-03-03</c:startsOn>"
RATE = "<c:tariffRate>0.5</c:tariffRate>"
EMPLOYER = "<c:employer><m:bin>990440000385</m:bin></c:employer>"
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def told(decoded: Decoded) -> list[tuple[str, str]]:
    return [(problem.path, problem.kind) for problem in decoded.problems]


def test_a_valid_message_becomes_flat_values(decode: Decode) -> None:
    decoded = decode()
    assert decoded.problems == ()
    assert decoded.values == {
        "requestHeader/requestId": "0d9e8c1a-9d7a-4c58-9b57-4c1f7a6f3c11",
        "requestHeader/sentAt": datetime(2026, 3, 2, 10, tzinfo=timezone(timedelta(hours=5))),
        "requestHeader/system": "1С:ЗУП",
        "employer/bin": "990440000385",
        "contract/externalId": "0123456789abcdef0123456789abcdef",
        "contract/number": "17",
        "contract/concludedOn": date(2026, 3, 2),
        "contract/employee/iin": "850101100012",
        "contract/employee/surname": "Сейфуллин",
        "contract/employee/name": "Сакен",
        "contract/startsOn": date(2026, 3, 3),
        "contract/term/termCode": "1",
        "contract/positionCode": "2512-1",
        "contract/establishedPost": "Инженер & наладчик",
        "contract/employmentTypeCode": "1",
        "contract/workingTime/workingHoursCode": "3",
        "contract/workingTime/tariffRate": Decimal("0.5"),
        "contract/remoteWorkCode": "1",
        "contract/workPlace/countryCode": "398",
        "contract/workPlace/katoCode": "751110000",
        "contract/workPlace/address": "пр. Абая, 1",
        "contract/liableForMilitaryService": True,
    }


def test_all_problems_are_told_at_once_and_the_rest_is_decoded(decode: Decode) -> None:
    decoded = decode(
        (NUMBER, ""),
        (STARTS, "<c:startsOn>2026-02-30</c:startsOn>"),
        (RATE, "<c:tariffRate>half</c:tariffRate><c:bonus/>"),
        ("<m:system>1С:ЗУП</m:system>", "<m:system/>"),
    )
    assert told(decoded) == [
        ("requestHeader/system", "missing"),
        ("contract/number", "missing"),
        ("contract/startsOn", "malformed"),
        ("contract/workingTime/bonus", "unexpected"),
        ("contract/workingTime/tariffRate", "malformed"),
    ]
    assert decoded.values["contract/concludedOn"] == date(2026, 3, 2)
    assert decoded.values["contract/workPlace/address"] == "пр. Абая, 1"
    assert (
        not {"contract/number", "contract/startsOn", "contract/workingTime/tariffRate"}
        & decoded.values.keys()
    )


def test_a_missing_required_group_is_one_problem(decode: Decode) -> None:
    assert told(decode(("<c:term><c:termCode>1</c:termCode></c:term>", ""))) == [("contract/term", "missing")]


def test_an_empty_required_group_misses_its_required_leaves(decode: Decode) -> None:
    decoded = decode(("<c:term><c:termCode>1</c:termCode></c:term>", "<c:term/>"))
    assert told(decoded) == [("contract/term/termCode", "missing")]


class TestChoice:
    """Which lets the mapping answer SCSE008 for no employer and SCSE009 for an employer without number."""

    def test_no_group(self, decode: Decode) -> None:
        assert told(decode((EMPLOYER, ""))) == [("employer", "missing")]

    def test_no_alternative_is_told_at_the_first_one(self, decode: Decode) -> None:
        decoded = decode((EMPLOYER, "<c:employer/>"))
        assert told(decoded) == [("employer/bin", "missing")]
        assert decoded.problems[0].detail == "one of bin, iin expected"

    def test_an_empty_alternative(self, decode: Decode) -> None:
        decoded = decode((EMPLOYER, "<c:employer><m:iin/></c:employer>"))
        assert told(decoded) == [("employer/iin", "missing")]

    def test_two_alternatives(self, decode: Decode) -> None:
        both = "<c:employer><m:bin>990440000385</m:bin><m:iin>850101100012</m:iin></c:employer>"
        decoded = decode((EMPLOYER, both))
        assert told(decoded) == [("employer/iin", "unexpected")]
        assert decoded.values["employer/bin"] == "990440000385"
        assert "employer/iin" not in decoded.values


class TestEmpty:
    @pytest.mark.parametrize(
        "empty", ["<c:number/>", "<c:number></c:number>", f'<c:number {XSI} xsi:nil="true"/>']
    )
    def test_a_required_leaf_is_missing(self, decode: Decode, empty: str) -> None:
        kinds = told(decode((NUMBER, empty)))
        assert kinds == [("contract/number", "missing")]

    @pytest.mark.parametrize(
        "empty",
        [
            "<c:tariffRate/>",
            "<c:tariffRate> </c:tariffRate>",
            f'<c:tariffRate {XSI} xsi:nil="1"/>',
            f'<c:tariffRate {XSI} xsi:nil="true">0.5</c:tariffRate>',
        ],
    )
    def test_an_optional_leaf_is_malformed(self, decode: Decode, empty: str) -> None:
        assert told(decode((RATE, empty))) == [("contract/workingTime/tariffRate", "malformed")]

    def test_white_space_is_no_date(self, decode: Decode) -> None:
        assert told(decode((STARTS, "<c:startsOn>\n </c:startsOn>"))) == [("contract/startsOn", "missing")]

    def test_a_nil_group(self, decode: Decode) -> None:
        term = "<c:term><c:termCode>1</c:termCode></c:term>"
        assert told(decode((term, f'<c:term {XSI} xsi:nil="true"/>'))) == [("contract/term", "missing")]

    def test_text_that_may_be_empty_is_a_value(self, decode: Decode) -> None:
        decoded = decode((RATE, f"{RATE}<c:restNote/>"))
        assert decoded.problems == ()
        assert decoded.values["contract/workingTime/restNote"] == ""

    def test_both_ways_of_decoding_agree_on_it(self, decode: Decode) -> None:
        decoded = decode((RATE, f"{RATE}<c:restNote/>"), (NUMBER, ""))
        assert told(decoded) == [("contract/number", "missing")]
        assert decoded.values["contract/workingTime/restNote"] == ""


class TestOrder:
    def test_a_misplaced_element_is_told_once_and_decoded(self, decode: Decode) -> None:
        decoded = decode(
            (STARTS, ""),
            ("<c:remoteWorkCode>1</c:remoteWorkCode>", f"{STARTS}<c:remoteWorkCode>1</c:remoteWorkCode>"),
        )
        assert told(decoded) == [("contract/startsOn", "unexpected")]
        assert decoded.values["contract/startsOn"] == date(2026, 3, 3)

    def test_the_last_put_first_does_not_blame_the_others(self, decode: Decode) -> None:
        military = "<c:liableForMilitaryService>true</c:liableForMilitaryService>"
        decoded = decode((military, ""), ("<c:externalId>", f"{military}<c:externalId>"))
        assert told(decoded) == [("contract/liableForMilitaryService", "unexpected")]
        assert decoded.values["contract/liableForMilitaryService"] is True

    def test_a_second_one_is_unexpected_and_the_first_is_kept(self, decode: Decode) -> None:
        decoded = decode((NUMBER, f"{NUMBER}<c:number>18</c:number>"))
        assert told(decoded) == [("contract/number", "unexpected")]
        assert decoded.values["contract/number"] == "17"


class TestStrangers:
    def test_the_right_name_in_another_namespace_is_not_the_child(self, decode: Decode) -> None:
        decoded = decode((NUMBER, "<m:number>17</m:number>"))
        assert told(decoded) == [("contract/number", "unexpected"), ("contract/number", "missing")]
        assert "urn:esutd-bus:contracts:v1" in decoded.problems[0].detail
        assert "contract/number" not in decoded.values

    def test_a_foreign_element_beside_the_child_changes_nothing(self, decode: Decode) -> None:
        decoded = decode((NUMBER, f'{NUMBER}<number xmlns="urn:evil">18</number>'))
        assert told(decoded) == [("contract/number", "unexpected")]
        assert decoded.values["contract/number"] == "17"

    @pytest.mark.parametrize(
        "attribute",
        ['a="1"', f'{XSI} xsi:type="m:String50"', f'{XSI} xsi:nil="false"', 'xml:lang="ru"', 'href="#x"'],
    )
    def test_attributes(self, decode: Decode, attribute: str) -> None:
        decoded = decode((NUMBER, f"<c:number {attribute}>17</c:number>"))
        name = attribute.rpartition(" ")[2].partition("=")[0].rpartition(":")[2]
        assert told(decoded) == [(f"contract/number/@{name}", "unexpected")]
        assert decoded.values["contract/number"] == "17"

    def test_an_attribute_of_the_payload_itself(self, decode: Decode) -> None:
        assert told(decode(("<c:RegisterContract ", '<c:RegisterContract a="1" '))) == [("@a", "unexpected")]

    def test_text_between_elements(self, decode: Decode) -> None:
        assert told(decode((NUMBER, f"{NUMBER}17"))) == [("contract", "unexpected")]

    def test_an_element_inside_a_leaf(self, decode: Decode) -> None:
        decoded = decode((NUMBER, "<c:number>1<b/>7</c:number>"))
        assert told(decoded) == [("contract/number/b", "unexpected")]
        assert "contract/number" not in decoded.values

    def test_problems_do_not_outgrow_the_message(self, decode: Decode) -> None:
        flood = "".join(f"<c:x{number}/>" for number in range(PROBLEM_LIMIT * 2))
        assert len(decode((NUMBER, f"{NUMBER}{flood}")).problems) == PROBLEM_LIMIT


class TestCommentsAndSections:
    @pytest.mark.parametrize("inside", ["1<!-- -->7", "17<!--8-->", "1<?x?>7", "<!---->17"])
    def test_inside_a_leaf_they_are_malformed(self, decode: Decode, inside: str) -> None:
        decoded = decode((NUMBER, f"<c:number>{inside}</c:number>"))
        assert told(decoded) == [("contract/number", "malformed")]
        assert "contract/number" not in decoded.values

    def test_between_elements_they_are_nothing(self, decode: Decode, register_values: dict[str, Any]) -> None:
        decoded = decode((NUMBER, f"<!-- the number -->{NUMBER}<?print now?>"))
        assert decoded.problems == ()
        assert decoded.values == register_values

    def test_cdata_is_text(self, decode: Decode) -> None:
        decoded = decode((NUMBER, "<c:number>1<![CDATA[<7>]]>&amp;</c:number>"))
        assert decoded.problems == ()
        assert decoded.values["contract/number"] == "1<7>&"


class TestText:
    def test_it_is_never_cut(self, decode: Decode) -> None:
        assert decode((NUMBER, "<c:number> 1  7\n</c:number>")).values["contract/number"] == " 1  7\n"

    def test_white_space_around_other_values_is_none_of_them(self, decode: Decode) -> None:
        decoded = decode(
            (STARTS, "<c:startsOn>\n\t2026-03-03 </c:startsOn>"),
            (RATE, "<c:tariffRate> +00.50 </c:tariffRate>"),
            (">true<", "> 1\n<"),
        )
        assert decoded.problems == ()
        assert decoded.values["contract/startsOn"] == date(2026, 3, 3)
        assert decoded.values["contract/workingTime/tariffRate"] == Decimal("0.5")
        assert decoded.values["contract/liableForMilitaryService"] is True

    @pytest.mark.parametrize("rate", ["1e1", "INF", "NaN", "1,5", "٣", "1_0", "--1", "."])
    def test_what_is_no_decimal(self, decode: Decode, rate: str) -> None:
        decoded = decode((RATE, f"<c:tariffRate>{rate}</c:tariffRate>"))
        assert told(decoded) == [("contract/workingTime/tariffRate", "malformed")]

    @pytest.mark.parametrize(
        "day",
        [
            "2024-02-30",
            "2024-13-01",
            "0000-01-01",
            "-0001-01-01",
            "12024-01-01",
            "2024-01-01Z",
            "20240101",
            "2024-W01-1",
        ],
    )
    def test_what_is_no_date(self, decode: Decode, day: str) -> None:
        assert told(decode((STARTS, f"<c:startsOn>{day}</c:startsOn>"))) == [
            ("contract/startsOn", "malformed")
        ]

    def test_a_number_beyond_all_reckoning(self, decode: Decode) -> None:
        decoded = decode((RATE, f"<c:tariffRate>{'9' * 5000}</c:tariffRate>"))
        assert told(decoded) == [("contract/workingTime/tariffRate", "malformed")]


class TestDateTime:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("2026-03-02T10:00:00", datetime(2026, 3, 2, 10)),  # noqa: DTZ001  # written without zone
            ("2026-03-02T10:00:00Z", datetime(2026, 3, 2, 10, tzinfo=UTC)),
            ("2026-03-02T10:00:00.5-00:00", datetime(2026, 3, 2, 10, 0, 0, 500000, tzinfo=UTC)),
            ("2026-03-02T10:00:00.123456789Z", datetime(2026, 3, 2, 10, 0, 0, 123456, tzinfo=UTC)),
            ("2026-12-31T24:00:00Z", datetime(2027, 1, 1, tzinfo=UTC)),
            ("2026-12-31T24:00:00.000Z", datetime(2027, 1, 1, tzinfo=UTC)),
            (" 2026-03-02T10:00:00+14:00 ", datetime(2026, 3, 2, 10, tzinfo=timezone(timedelta(hours=14)))),
        ],
    )
    def test_what_is_one(self, decode: Decode, text: str, value: datetime) -> None:
        decoded = decode(("2026-03-02T10:00:00+05:00", text))
        assert decoded.problems == ()
        assert decoded.values["requestHeader/sentAt"] == value
        assert decoded.values["requestHeader/sentAt"].tzinfo == value.tzinfo

    @pytest.mark.parametrize(
        "text",
        [
            "2026-03-02",
            "2026-03-02 10:00:00",
            "2026-03-02T10:00",
            "2026-03-02T10:00:60Z",
            "2016-12-31T23:59:60Z",
            "2026-03-02T25:00:00Z",
            "2026-03-02T24:00:01Z",
            "9999-12-31T24:00:00Z",
            "0000-01-01T00:00:00Z",
            "-0044-03-15T00:00:00Z",
            "12026-03-02T10:00:00Z",
            "2026-03-02T10:00:00+15:00",
            "2026-03-02T10:00:00+05:00:00",
            "2026-03-02T10:00:00,5",
        ],
    )
    def test_what_is_none(self, decode: Decode, text: str) -> None:
        decoded = decode(("2026-03-02T10:00:00+05:00", text))
        assert told(decoded) == [("requestHeader/sentAt", "malformed")]


class TestSignatures:
    SIGNATURE = (
        '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Id="s">'
        '<ds:SignedInfo><ds:Reference URI=""/></ds:SignedInfo><!-- c --></ds:Signature>'
    )

    def test_are_skipped(self, decode: Decode, register_values: dict[str, Any]) -> None:
        decoded = decode(("</c:RegisterContract>", f"{self.SIGNATURE}{self.SIGNATURE}</c:RegisterContract>"))
        assert decoded.problems == ()
        assert decoded.values == register_values

    def test_are_skipped_in_a_refused_message(self, decode: Decode) -> None:
        decoded = decode((NUMBER, ""), ("</c:RegisterContract>", f"{self.SIGNATURE}</c:RegisterContract>"))
        assert told(decoded) == [("contract/number", "missing")]

    def test_stand_last(self, decode: Decode) -> None:
        decoded = decode((EMPLOYER, f"{self.SIGNATURE}{EMPLOYER}"))
        assert told(decoded) == [("Signature", "unexpected")]

    def test_stand_nowhere_else(self, decode: Decode) -> None:
        decoded = decode((NUMBER, f"{NUMBER}{self.SIGNATURE}"))
        assert told(decoded) == [("contract/Signature", "unexpected")]


def test_a_plan_is_for_one_element(register: Operation) -> None:
    with pytest.raises(ValueError, match="cannot decode"):
        register.request_plan.decode(etree.fromstring("<other/>"))


def test_the_slow_walk_agrees_with_the_fast_one(
    register: Operation, register_xml: str, register_values: dict[str, Any]
) -> None:
    decoded = examine(register.request, etree.fromstring(register_xml))
    assert decoded.problems == ()
    assert decoded.values == register_values


def test_problems_say_what_is_expected(decode: Decode) -> None:
    def detail(old: str, new: str) -> str:
        (problem,) = decode((old, new)).problems
        assert isinstance(problem, object)
        return _detail(problem)

    assert detail(NUMBER, f"<c:number>{'1' * 51}</c:number>") == "expected text of 1 to 50 characters"
    assert detail(STARTS, "<c:startsOn>03.03.2026</c:startsOn>") == "expected a date as YYYY-MM-DD"
    assert detail(NUMBER, "") == "expected text of 1 to 50 characters"


def _detail(problem: Problem) -> str:
    return problem.detail
