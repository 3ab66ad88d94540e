"""What `esutd-bus explain` puts into words, without a database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml

from esutd_bus.commands import explained, explanation
from esutd_bus.commands.explanation import Explainer
from esutd_bus.register import names

NAMES = Path(names.__file__).parent / "data" / "names.yaml"


def explainer() -> Explainer:
    nowhere: Any = None
    return Explainer(nowhere, "ru", {})


def test_every_name_is_there_in_both_languages() -> None:
    data = yaml.safe_load(NAMES.read_text("utf-8"))
    for named in (*data["fields"].values(), *data["events"].values()):
        assert set(named) == {"ru", "en"}
        assert all(named.values())


def test_the_words_around_are_there_in_both_languages() -> None:
    words = yaml.safe_load(Path(explained.__file__).with_name("explained.yaml").read_text("utf-8"))
    assert words["ru"].keys() == words["en"].keys()


def test_a_name_is_that_of_the_column_with_or_without_its_table() -> None:
    assert names.field_name("contract.number") == names.field_name("number") == "номер договора"
    assert names.field_name("amendment.number", "en") == "amendment number"
    assert names.field_name("amendment.novelty") is None
    assert names.event_name("SomethingNew") == "SomethingNew"


def test_a_report_of_before_there_could_be_several_signatures_is_told() -> None:
    """Its only signature stands in the report itself, and knows nothing of revocation."""
    old = {"valid": False, "profile": "wsse", "reason": "expired", "detail": "…", "section": "RFC 5280"}
    (told,) = explainer()._signatures(old)
    assert (told["profile"], told["valid"], told["reason"]) == ("wsse", False, "expired")
    (valid,) = explainer()._signatures({**old, "valid": True, "reason": None})
    assert valid["valid"] is True


def test_a_refusal_beside_signatures_that_hold_is_told() -> None:
    """A profile that its signer may not use: the signature itself is right."""
    signature = {"profile": "header", "position": "Envelope/Header/Signature", "valid": True}
    report = {
        "valid": False,
        "reason": "profile",
        "section": "WS-Security",
        "explanation": {"ru": "так нельзя"},
        "signatures": [signature],
    }
    refused, held = explainer()._signatures(report)
    assert (refused["reason"], refused["words"]) == ("profile", "так нельзя")
    assert held["valid"] is True


def test_nobody_is_named_by_number_and_all_is_json() -> None:
    moment = datetime(2026, 3, 2, 10, 15, tzinfo=timezone(timedelta(hours=5)))
    told = explanation._told(
        {
            "who": "990440000385/850315100105",
            "list": ({"iin": "850315100105"},),
            "id": UUID(int=0),
            "at": moment,
            "on": date(2026, 3, 2),
            "rate": Decimal("0.5"),
            "octets": b"\x01",
            "none": None,
        }
    )
    assert told == {
        "who": "99********85/85********05",
        "list": [{"iin": "85********05"}],
        "id": "00000000-0000-0000-0000-000000000000",
        "at": moment.astimezone(UTC).isoformat(),
        "on": "2026-03-02",
        "rate": "0.5",
        "octets": "01",
        "none": None,
    }
