"""Each reason is explained: where the rule is written, and what to do, in three languages."""

from __future__ import annotations

import re
from dataclasses import astuple

import pytest

from esutd_bus.signature.explanation import explain
from esutd_bus.signature.reason import Reason

KAZAKH = re.compile("[әғқңөұүһіӘҒҚҢӨҰҮҺІ]")


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_is_explained(reason: Reason) -> None:
    told = explain(reason)
    assert re.match(r"(XMLDSig|WS-Security|RFC|SOAP|Namespaces in XML|Canonical XML|NIST) ", told.section)
    assert re.search("[а-яё]", told.ru)
    assert KAZAKH.search(told.kk)
    assert not KAZAKH.search(told.ru)
    assert not re.search("[а-яё]", told.en)
    for words in astuple(told)[1:]:
        # What is wrong, and then what to do: more than one sentence.
        assert words.endswith(".")
        assert len(re.findall(r"[.:;] ", words)) >= 1


def test_no_two_reasons_are_explained_alike() -> None:
    for language in ("ru", "kk", "en"):
        told = [getattr(explain(reason), language) for reason in Reason]
        assert len(set(told)) == len(told)
