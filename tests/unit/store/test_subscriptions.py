"""Who is told of which entries."""

from __future__ import annotations

import pytest

from esutd_bus.store.subscriptions import Subscriptions

ONE, OTHER = "990440000385", "940340000421"
IN_FORCE = Subscriptions(
    {"name": name, "service_id": name, "employer": employer, "events": events}
    for name, employer, events in [
        ("portal", None, ["ContractRegistered", "ContractTransferred"]),
        ("one", ONE, ["ContractTransferred"]),
        ("other", OTHER, ["ContractTransferred"]),
    ]
)


@pytest.mark.parametrize(
    ("kind", "employers", "told"),
    [
        ("ContractRegistered", [ONE, ONE], ["portal"]),
        ("ContractTransferred", [ONE, ONE], ["one", "portal"]),
        ("ContractTransferred", [ONE, OTHER], ["one", "other", "portal"]),
        ("ContractAmended", [ONE, ONE], []),
    ],
)
def test_each_subscriber_is_told_once_of_what_it_wants(
    kind: str, employers: list[str], told: list[str]
) -> None:
    assert sorted(each.name for each in IN_FORCE.to(kind, *employers)) == told


def test_nobody_is_told_where_nobody_subscribes() -> None:
    assert Subscriptions().to("ContractRegistered", ONE) == ()
