"""Canonical forms, where lxml alone would get them wrong."""

from __future__ import annotations

import threading

import pytest
from lxml import etree

from esutd_bus.signature.canonical import exclusive, inclusive
from esutd_bus.signature.reason import Reason, Refusal

DOCUMENT = (
    '<e:E xmlns:e="urn:e" xmlns="urn:d" xmlns:{0}="urn:q" xmlns:{0}x="urn:x"><e:B><a xmlns=""/></e:B></e:E>'
)


@pytest.mark.parametrize(
    ("prefixes", "canonical"),
    [
        ((), '<e:B xmlns:e="urn:e"><a></a></e:B>'),
        (("#default",), '<e:B xmlns="urn:d" xmlns:e="urn:e"><a xmlns=""></a></e:B>'),
        (("one", "absent"), '<e:B xmlns:e="urn:e" xmlns:one="urn:q"><a></a></e:B>'),
        (("one", "#default"), '<e:B xmlns="urn:d" xmlns:e="urn:e" xmlns:one="urn:q"><a xmlns=""></a></e:B>'),
        (('"/><y>', "&", "9"), '<e:B xmlns:e="urn:e"><a></a></e:B>'),
    ],
)
def test_inclusive_prefixes(prefixes: tuple[str, ...], canonical: str) -> None:
    assert exclusive(etree.fromstring(DOCUMENT.format("one"))[0], prefixes).decode() == canonical


def test_prefixes_beyond_ascii() -> None:
    root = etree.fromstring(DOCUMENT.format("орган"))
    expected = '<e:B xmlns:e="urn:e" xmlns:орган="urn:q"><a></a></e:B>'
    assert exclusive(root[0], ("орган", "xml", "xmlns")).decode() == expected


def test_what_looks_like_a_prefix_and_is_none() -> None:
    with pytest.raises(Refusal) as refused:
        exclusive(etree.fromstring(DOCUMENT.format("one"))[0], ("one", "ª"))
    assert refused.value.reason == Reason.CANONICALIZATION


def test_a_tree_that_another_thread_parsed() -> None:
    root = etree.fromstring(DOCUMENT.format("two"))
    forms = []
    thread = threading.Thread(target=lambda: forms.append(exclusive(root[0], ("two", "#default"))))
    thread.start()
    thread.join()
    assert forms == [b'<e:B xmlns="urn:d" xmlns:e="urn:e" xmlns:two="urn:q"><a xmlns=""></a></e:B>']


@pytest.mark.parametrize(
    ("document", "canonical"),
    [
        ('<a xmlns="urn:d"><S><b><c><d/></c></b></S></a>', '<S xmlns="urn:d"><b><c><d></d></c></b></S>'),
        (
            '<a xmlns="urn:d" xmlns:p="urn:p" xmlns:q="urn:q"><S xmlns="" xmlns:q="urn:r"><b><c/></b></S></a>',
            '<S xmlns:p="urn:p" xmlns:q="urn:r"><b><c></c></b></S>',
        ),
        (
            '<a xml:lang="kk" xml:space="preserve" b="1"><S xml:lang="ru" z="2"><b/></S></a>',
            '<S z="2" xml:lang="ru" xml:space="preserve"><b></b></S>',
        ),
        ("<a><S>&#13;<!-- c -->\n<![CDATA[<]]><?p  i?></S></a>", "<S>&#xD;\n&lt;<?p i?></S>"),
    ],
)
def test_inclusive_form_in_its_place(document: str, canonical: str) -> None:
    """By hand after Canonical XML 1.0, 2.3 and 2.4; second opinions are in test_second_opinion."""
    root = etree.fromstring(document)
    before = etree.tostring(root)
    assert inclusive(root[0]).decode() == canonical
    assert etree.tostring(root) == before
