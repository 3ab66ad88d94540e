"""Many contracts in one signed message: each is judged by itself, and the batch happens once, whole or not at all."""

from __future__ import annotations

import pytest

from esutd_bus.testbed.test_ca import TestCa
from support.batches import batch, entries, result
from support.messages import contract, send
from support.services import Service


@pytest.mark.clause("353/7")
def test_the_good_ones_are_registered_and_the_bad_ones_told(service: Service, ca: TestCa) -> None:
    good, bad, malformed = contract(), contract(), contract(startsOn="завтра")
    bad["term"] = {"termCode": "2"}
    employer = ca.identity("employer")
    submitted = send(service.url, batch(good, bad, malformed), employer)
    assert submitted.codes == ["SCSS001"], submitted.body.decode()
    told = entries(result(service, employer, submitted.text("batchId")))
    assert [bool(entry.contract_id) for entry in told] == [True, False, False]
