"""Hostile or odd XML of the state systems."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from esutd_bus.registries.lenient import (
    UnreadableXmlError,
    children,
    date_at,
    descend,
    local_name,
    parse,
    text_at,
)

BOMB = b"""<!DOCTYPE a [<!ENTITY x "%s"><!ENTITY y "%s">]><a>&y;</a>""" % (b"x" * 10_000, b"&x;" * 10_000)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<a>", id="not closed"),
        pytest.param(b"<html><br></html>", id="HTML"),
        pytest.param(b"<!DOCTYPE a><a/>", id="a DTD"),
        pytest.param(b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', id="an external DTD"),
        pytest.param(
            b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>', id="an external entity"
        ),
        pytest.param(BOMB, id="an entity bomb"),
        pytest.param(b"<a>" * 1000 + b"</a>" * 1000, id="too deep"),
        pytest.param(b"<a>" + b"x" * 11_000_000 + b"</a>", id="too long a text"),
        pytest.param(b"<a>\x00</a>", id="a control character"),
        pytest.param(b"<a>\xff</a>", id="not the encoding it says"),
    ],
)
def test_is_refused(text: bytes) -> None:
    with pytest.raises(UnreadableXmlError) as caught:
        parse(text)
    assert str(caught.value) in {"not XML", "XML with a DTD"}


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_an_element_or_refused(text: bytes) -> None:
    with suppress(UnreadableXmlError):
        assert isinstance(parse(text), etree._Element)


def test_the_encoding_given_wins_over_the_declared() -> None:
    text = '<?xml version="1.0" encoding="utf-16"?><a>Ә</a>'.encode()

    assert parse(text, encoding="utf-8").text == "Ә"


def test_names_are_local() -> None:
    root = parse(b'<x:a xmlns:x="u:1"><b xmlns="u:2"/><x:b><c>7</c></x:b><!-- <b/> --><?b ?></x:a>')

    assert local_name(root) == "a"
    assert len(list(children(root, "b"))) == 2
    assert descend(root, "b/c") is None, "of several alike the first is taken"
    assert text_at(list(children(root, "b"))[1], "c") == "7"


@pytest.mark.parametrize("text", ["", " ", "-", " - ", ".", "..", "...", "\n"])
def test_a_placeholder_is_no_text(text: str) -> None:
    root = etree.Element("a")
    etree.SubElement(root, "b").text = text

    assert text_at(root, "b") is None


@pytest.mark.parametrize("text", ["А.", "--", "0", "д. 5", "-1"])
def test_what_only_looks_like_a_placeholder_is_text(text: str) -> None:
    root = etree.Element("a")
    etree.SubElement(root, "b").text = f" {text} "

    assert text_at(root, "b") == text


def test_absent_and_nil_are_no_text() -> None:
    xsi = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    root = parse(f'<a {xsi}><b xsi:nil="true">7</b><c xsi:nil="false">7</c></a>'.encode())

    assert text_at(root, "b") is None
    assert text_at(root, "c") == "7"
    assert text_at(root, "d/e") is None
    assert text_at(None, "d") is None


@given(
    st.dates(),
    st.sampled_from(["", "Z", "+06:00", "T00:00:00", "T23:59:59.999+06:00", "T00:00:00Z"]),
    st.sampled_from(["", " ", "\n"]),
)
def test_a_date_is_read_with_whatever_follows(day: date, rest: str, space: str) -> None:
    root = etree.Element("a")
    etree.SubElement(root, "b").text = f"{space}{day.isoformat()}{rest}{space}"

    assert date_at(root, "b") == day


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"))
)
def test_any_text_is_a_date_or_none(text: str) -> None:
    root = etree.Element("a")
    etree.SubElement(root, "b").text = text

    assert isinstance(date_at(root, "b"), date | None)


@pytest.mark.parametrize("text", ["1890-02-30", "30.02.1890", "1890", "неизвестно"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert date_at(parse(f"<a><b>{text}</b></a>".encode()), "b") is None
