from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from esutd_bus.register.identifiers import EmployerKind, check_digit, employer_kind, is_bin, is_iin

BINS = ["990440000385", "940340000421", "960340000514"]
EASTERN_ARABIC_DIGITS = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def complete(first_eleven: str) -> str:
    digit = check_digit(first_eleven)
    assert digit is not None
    return f"{first_eleven}{digit}"


def first_sum(number: str) -> int:
    """The remainder by the first row of weights, counted anew."""
    return sum(int(digit) * weight for weight, digit in enumerate(number[:11], start=1)) % 11


@st.composite
def iins(draw: st.DrawFn) -> str:
    born = draw(st.dates()).replace(year=2000)
    head = f"{draw(st.integers(0, 99)):02}{born:%m%d}{draw(st.sampled_from('12'))}{draw(st.integers(0, 9999)):04}"
    assume(born.strftime("%m%d") != "0229" and check_digit(head) is not None)
    return complete(head)


@pytest.mark.parametrize("number", BINS)
def test_public_bins_are_bins(number: str) -> None:
    assert is_bin(number)
    assert not is_iin(number)
    assert employer_kind(number) is EmployerKind.LEGAL_ENTITY


def test_an_iin_is_an_individual_employers_number() -> None:
    iin = complete("85010110001")
    assert is_iin(iin)
    assert not is_bin(iin)
    assert employer_kind(iin) is EmployerKind.INDIVIDUAL
    assert employer_kind("990440000386") is None


@given(iins())
def test_every_iin_with_its_check_digit_is_one(iin: str) -> None:
    assert is_iin(iin)


@given(iins(), st.integers(0, 9))
def test_another_check_digit_is_refused(iin: str, digit: int) -> None:
    assume(str(digit) != iin[11])
    assert not is_iin(f"{iin[:11]}{digit}")


@given(iins(), st.integers(0, 9).filter(lambda n: n != 6), st.integers(1, 9))
def test_a_single_wrong_digit_is_found(iin: str, position: int, offset: int) -> None:
    """The first row finds it wherever it decides alone; its 11th weight is 0 modulo 11, so not the 11th digit."""
    wrong = f"{iin[:position]}{(int(iin[position]) + offset) % 10}{iin[position + 1 :]}"
    assume(first_sum(iin) != 10 and first_sum(wrong) != 10)
    assert not is_iin(wrong)
    assert check_digit(wrong[:11]) != int(wrong[11])


def test_the_second_row_decides_when_the_first_gives_ten() -> None:
    head = next(h for n in range(10000) if first_sum(h := f"8501011{n:04}") == 10)
    second = sum(int(d) * w for d, w in zip(head, (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2), strict=True)) % 11
    assert check_digit(head) == (None if second == 10 else second)
    assert check_digit(head) is not None
    assert is_iin(complete(head))


def test_no_number_begins_with_digits_both_rows_refuse() -> None:
    heads = [head for n in range(10000) if check_digit(head := f"8501011{n:04}") is None]
    assert heads
    assert not any(is_iin(f"{head}{digit}") for head in heads for digit in range(10))


@pytest.mark.parametrize(
    "head",
    [
        "85130110001",  # no 13th month
        "85023010001",  # no 30 February
        "00022910001",  # 1900 was no leap year… but the digit 1 says 1800, which was none either
        "85010100001",  # no century 0
        "85010170001",  # no century 7
    ],
)
def test_an_iin_without_a_date_of_birth_is_none(head: str) -> None:
    assert not is_iin(complete(head))


@pytest.mark.parametrize(("century", "is_leap"), [("1", False), ("3", False), ("5", True)])
def test_the_century_decides_on_29_february(century: str, is_leap: bool) -> None:
    number = next(
        complete(head) for n in range(99) if check_digit(head := f"000229{century}{n:04}") is not None
    )
    assert is_iin(number) is is_leap


@pytest.mark.parametrize(
    "head",
    [
        "99004000038",  # no month 00
        "99134000038",  # no 13th month
        "99043000038",  # 5th digit 3
        "99047000038",  # 5th digit 7
        "99044500038",  # 6th digit 5
    ],
)
def test_a_bin_without_its_parts_is_none(head: str) -> None:
    assert check_digit(head) is not None
    assert not is_bin(complete(head))


@pytest.mark.parametrize("unit", "01234")
@pytest.mark.parametrize("kind", "456")
def test_every_kind_and_unit_of_bin_is_known(kind: str, unit: str) -> None:
    number = next(
        complete(head) for n in range(99) if check_digit(head := f"9904{kind}{unit}{n:05}") is not None
    )
    assert is_bin(number)


@pytest.mark.parametrize(
    "text",
    ["", "99044000038", "9904400003850", "99044000038x", " 990440000385", "990440000385\n"]
    + [number.translate(EASTERN_ARABIC_DIGITS) for number in BINS],
)
def test_twelve_ascii_digits_are_asked_for(text: str) -> None:
    assert not is_bin(text)
    assert not is_iin(text)


@given(st.text())
def test_any_text_is_judged(text: str) -> None:
    assert is_iin(text) in {True, False}
    assert is_bin(text) in {True, False}
