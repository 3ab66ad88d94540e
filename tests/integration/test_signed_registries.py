"""ГБД ЮЛ, КДП and the token chain against the simulated registries, whose answers are signed documents."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import jwt
import pytest
from lxml import etree

from esutd_bus.registries.access import BusAccess
from esutd_bus.registries.answer_signature import AnswerSignatures
from esutd_bus.registries.exchange import Exchange
from esutd_bus.registries.gbdfl import TOKEN_SERVICE_ID, GbdflRegistry
from esutd_bus.registries.gbdul import GbdulRegistry
from esutd_bus.registries.kdp import AccessControl, AccessToken, Asker
from esutd_bus.registries.sync_channel import SyncChannel
from esutd_bus.registries.upstream import AnswerNotBelieved, UpstreamRefused, UpstreamUnavailable
from esutd_bus.settings import packaged
from esutd_bus.signature.signing import sign_wsse
from esutd_bus.signature.trust import TrustStore
from esutd_bus.signature.verifier import Verifier
from esutd_bus.soap.envelope import open_envelope
from esutd_bus.testbed.simulated_bus import SimulatedBus
from esutd_bus.testbed.test_ca import TestCa

GULZHAN = "890312200172"
FIRST = "990440000385"
BUS, OWNER = "020140000076", "960340000514"
"""The BIN in the certificate by which the simulated registries sign."""


@pytest.fixture(scope="module")
def url(ca: TestCa) -> Iterator[str]:
    with SimulatedBus(packaged("."), key=ca.identity("bus").key) as registry:
        yield registry.sync_url


@pytest.fixture(scope="module")
def exchanges() -> list[Exchange]:
    return []


@pytest.fixture(scope="module")
def channel(url: str, ca: TestCa, exchanges: list[Exchange]) -> SyncChannel:
    return open_channel(url, ca, exchanges, [BUS])


def open_channel(url: str, ca: TestCa, exchanges: list[Exchange], signers: list[str]) -> SyncChannel:
    verifier = Verifier(TrustStore.from_directory(ca.trust_dir))
    signatures = AnswerSignatures(verifier, lambda: datetime.now(UTC), signers)
    access = BusAccess(url, "esutd", deadline=30.0)
    return SyncChannel(access, packaged("."), exchanges.append, signatures)


@pytest.fixture(scope="module")
def organisations(channel: SyncChannel, ca: TestCa) -> GbdulRegistry:
    key = ca.identity("service").key
    return GbdulRegistry(channel, "960340000514", lambda: key)


@pytest.fixture(scope="module")
def control(channel: SyncChannel, ca: TestCa) -> AccessControl:
    key = ca.identity("service").key
    return AccessControl(channel, Asker("ОПЕРАТОР", OWNER, "ЦОД", "СЛУЖБА", "ЛИЧНОЕ ДЕЛО"), lambda: key)


@pytest.fixture(scope="module")
def persons(channel: SyncChannel) -> GbdflRegistry:
    return GbdflRegistry(channel)


def test_an_organisation_is_found(organisations: GbdulRegistry, exchanges: list[Exchange]) -> None:
    found = organisations.find(FIRST)

    assert found is not None
    assert found["bin"] == FIRST
    assert found["short_name_ru"] == "ТОО «ПЕРВЫЙ РАБОТОДАТЕЛЬ»"
    assert found["registered_on"] == date(1999, 4, 1)
    assert found["activity_code"] == "62011"
    assert not found["is_liquidated"]
    data = etree.fromstring(exchanges[-1].sent).findtext(".//data") or ""
    request = etree.fromstring(data)
    assert request.tag == "{http://gbdulinfobybin_v2.egp.gbdul.tamur.kz}Request"
    assert [etree.QName(leaf).localname for leaf in request] == ["RequestorBIN", "BIN", "Signature"]


def test_nobody_has_this_bin(organisations: GbdulRegistry) -> None:
    assert organisations.find("030240000021") is None


def test_what_became_of_an_organisation(organisations: GbdulRegistry) -> None:
    liquidated, merged = organisations.find("030240000011"), organisations.find("990240000129")
    separated, branch = organisations.find("940340000421"), organisations.find("030241000017")
    assert liquidated
    assert merged
    assert separated
    assert branch

    assert liquidated["is_liquidated"]
    assert liquidated["ended_on"] == date(2021, 3, 15)
    assert not merged["is_liquidated"]
    assert merged["is_reorganised"]
    assert merged["successor"] == "960340000514"
    assert separated["is_made_by_reorganisation"]
    assert separated["founders"] == (FIRST,)
    assert branch["head_organisation"] == FIRST


@pytest.mark.code("ESB008")
def test_the_registry_of_organisations_refuses_in_its_own_words(organisations: GbdulRegistry) -> None:
    with pytest.raises(UpstreamRefused) as caught:
        organisations.find("030240000031")
    assert (caught.value.code, caught.value.message) == ("005", "Нет прав на получение сведений")


@pytest.mark.code("ESB007")
def test_a_page_in_html_is_no_organisation(organisations: GbdulRegistry) -> None:
    with pytest.raises(UpstreamUnavailable, match="HTTP 500: not XML"):
        organisations.find("030240000041")


@pytest.mark.code("ESB008")
@pytest.mark.parametrize(
    ("number", "reason"), [("030240000051", "digest-mismatch"), ("030240000061", "absent")]
)
def test_an_answer_with_a_wrong_signature_is_not_used(
    organisations: GbdulRegistry, number: str, reason: str
) -> None:
    with pytest.raises(AnswerNotBelieved) as caught:
        organisations.find(number)
    assert caught.value.reason == reason


@pytest.mark.code("ESB008")
def test_a_persons_data_with_a_wrong_signature_are_not_used(persons: GbdflRegistry) -> None:
    with pytest.raises(AnswerNotBelieved) as caught:
        persons.find("870101100105")
    assert caught.value.reason == "digest-mismatch"


@pytest.mark.code("ESB008")
def test_a_strangers_signature_is_not_a_registrys(url: str, ca: TestCa) -> None:
    channel = open_channel(url, ca, [], ["990440000385"])
    with pytest.raises(AnswerNotBelieved) as caught:
        GbdflRegistry(channel).find(GULZHAN)
    assert caught.value.reason == "signer"


def test_whoever_names_no_signers_takes_what_is_not_signed(ca: TestCa) -> None:
    with SimulatedBus(packaged(".")) as unsigned:
        assert GbdflRegistry(open_channel(unsigned.sync_url, ca, [], [])).find(GULZHAN) is not None
        with pytest.raises(AnswerNotBelieved):
            GbdflRegistry(open_channel(unsigned.sync_url, ca, [], [BUS])).find(GULZHAN)


@pytest.mark.parametrize("iin", [GULZHAN, "870101100076", "870101100086"], ids=["xml", "text", "prefixed"])
def test_signed_data_are_read_however_they_are_dressed(persons: GbdflRegistry, iin: str) -> None:
    person = persons.find(iin)
    assert person is not None
    assert person["person"]["surname"] == "САРСЕНБАЕВА"


def test_a_token_lets_a_persons_data_out(
    control: AccessControl, persons: GbdflRegistry, exchanges: list[Exchange]
) -> None:
    token = control.token(GULZHAN, TOKEN_SERVICE_ID, timedelta(minutes=10))
    asked = etree.fromstring(exchanges[-1].sent)
    claims = jwt.decode(asked.findtext(".//ovt") or "", options={"verify_signature": False})

    assert claims["cbin"] == OWNER
    assert asked.findtext(".//expiresIn") == "600000"
    person = persons.find(GULZHAN, token)
    assert person is not None
    assert etree.fromstring(exchanges[-1].sent).findtext(".//serviceId") == "GBDFLUniversal_token"


def test_a_token_is_good_for_one_person_alone(control: AccessControl, persons: GbdflRegistry) -> None:
    token = control.token("870101100076", TOKEN_SERVICE_ID, timedelta(minutes=10))
    with pytest.raises(UpstreamRefused) as caught:
        persons.find(GULZHAN, token)
    assert caught.value.code == "00010"
    with pytest.raises(UpstreamRefused):
        persons.find(GULZHAN, AccessToken("made", "up"))


@pytest.mark.code("ESB008")
def test_the_control_of_access_refuses_in_its_own_words(control: AccessControl) -> None:
    with pytest.raises(UpstreamRefused) as caught:
        control.token("870101100115", TOKEN_SERVICE_ID, timedelta(minutes=10))
    assert caught.value.code == "INVALID"


def test_what_is_sent_to_the_bus_is_signed_where_it_is_asked_for(url: str, ca: TestCa) -> None:
    sent: list[Exchange] = []
    access = BusAccess(
        url, "esutd", deadline=30.0, sign=lambda envelope: sign_wsse(envelope, ca.identity("service"))
    )
    assert GbdflRegistry(SyncChannel(access, packaged("."), sent.append)).find(GULZHAN) is not None
    verifier = Verifier(TrustStore.from_directory(ca.trust_dir))
    message = verifier.verify(open_envelope(sent[0].sent), datetime.now(UTC))
    assert (message.profiles, message.signer.employer_id) == (("wsse",), OWNER)
