"""Refusals that say more than their code's text: which right is missing, what to do (`data/words.yaml`)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

from esutd_bus.plain_yaml import load_yaml
from esutd_bus.register.answer_codes import AnswerText
from esutd_bus.register.partners import PartnerKind
from esutd_bus.register.refusal import Refusal

_LANGUAGES = ("ru", "kk", "en")


def worded(entry: str, field: str | None = None, **known: str | AnswerText) -> Refusal:
    """The refusal of an entry. `known`: what the braces in its words stand for."""
    said = _data()["refusals"][entry]
    words = {
        language: said[language].format_map(
            {
                name: getattr(part, language) if isinstance(part, AnswerText) else part
                for name, part in known.items()
            }
        )
        for language in _LANGUAGES
    }
    return Refusal(said["code"], field, reason=said["reason"], words=AnswerText(**words))


def kinds_told(kinds: Iterable[PartnerKind]) -> AnswerText:
    """Kinds of speakers as a list, in the order in which they are declared."""
    told = [_data()["kinds"][kind.value] for kind in PartnerKind if kind in set(kinds)]
    return AnswerText(**{language: ", ".join(name[language] for name in told) for language in _LANGUAGES})


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = load_yaml((files("esutd_bus.register") / "data" / "words.yaml").read_text("utf-8"))
    return data
