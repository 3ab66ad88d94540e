"""Exclusive canonical form, where lxml alone would get it wrong."""

from __future__ import annotations

import threading

import pytest
from lxml import etree

from esutd_bus.signature.canonical import exclusive

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


def test_a_tree_that_another_thread_parsed() -> None:
    root = etree.fromstring(DOCUMENT.format("two"))
    forms = []
    thread = threading.Thread(target=lambda: forms.append(exclusive(root[0], ("two", "#default"))))
    thread.start()
    thread.join()
    assert forms == [b'<e:B xmlns="urn:d" xmlns:e="urn:e" xmlns:two="urn:q"><a xmlns=""></a></e:B>']
