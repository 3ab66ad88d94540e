"""The state's registries by the settings: clients over one channel, and what each port of a mapping asks of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any, Final

from esutd_bus.asking import Ask, Calls, RegistryPort, keep
from esutd_bus.passage import Fetched, Port, Question
from esutd_bus.register.calendar import ALMATY, today
from esutd_bus.register.identifiers import is_bin
from esutd_bus.register.refusal import Refusal
from esutd_bus.register.registry_checks import is_alive
from esutd_bus.register.rules.consent import permitting
from esutd_bus.register.state import NOT_ASKED
from esutd_bus.registries.access import BusAccess
from esutd_bus.registries.answer_signature import AnswerSignatures
from esutd_bus.registries.gbdfl import TOKEN_SERVICE_ID, GbdflRegistry
from esutd_bus.registries.gbdul import GbdulRegistry
from esutd_bus.registries.kdp import AccessControl, Asker
from esutd_bus.registries.organisation_registry import Organisation
from esutd_bus.registries.person_registry import Person
from esutd_bus.registries.sync_channel import SyncChannel
from esutd_bus.registries.upstream import UpstreamUnavailable
from esutd_bus.settings import Settings, packaged
from esutd_bus.signature.key_ring import KeyRing
from esutd_bus.signature.signing import sign_wsse

PORTS: Final = frozenset({"person", "employer_data", "employer", "employee", "giver", "receiver"})
"""What a mapping may `fetch`, or name under `checks`.

`person`: a person's data, on consent; `employer_data`: those of an employer; `employer`, `giver`, `receiver`: what the
register of legal entities knows of an employer (`NOT_ASKED` of an individual); `employee`: whether a person lives.
"""

_NEVER_LACKING: Final = ("birth_date", "sex_code", "nationality_code", "citizenship_code")


class StateRegistries:
    """Asks them. Safe to use from many threads, if the signatures' verifier is.

    Args:
        settings: with `bus_sync_url`.
        keys: with the key that is asked with, where ГБД ЮЛ or КДП is.
        signatures: judges the answers.
    """

    def __init__(self, settings: Settings, keys: KeyRing, signatures: AnswerSignatures) -> None:
        key = partial(keys.get, settings.registry_key)
        password = settings.bus_password.get_secret_value() if settings.bus_password else None
        access = BusAccess(
            settings.bus_sync_url,
            settings.bus_sender_id,
            password,
            settings.upstream_deadline_seconds,
            sign=(lambda envelope: sign_wsse(envelope, key())) if settings.sign_bus_requests else None,
        )
        channel = SyncChannel(access, packaged("."), keep, signatures)
        self._persons = GbdflRegistry(channel)
        self._organisations = (
            GbdulRegistry(channel, settings.owner_bin, key) if settings.asks_by_name else None
        )
        self._control: AccessControl | None = None
        if settings.kdp is not None:
            kdp = settings.kdp
            asker = Asker(kdp.company, settings.owner_bin, kdp.responsible, kdp.employee, kdp.data)
            self._control = AccessControl(channel, asker, key)
            self._token_holds = timedelta(minutes=kdp.token_minutes)

    def organisation(self, number: str) -> Organisation | None:
        """What ГБД ЮЛ knows of a BIN. Raises UpstreamError, KeyUnavailableError."""
        if self._organisations is None:
            raise UpstreamUnavailable("ESUTD_OWNER_BIN, or the key to ask with, is not set")
        return self._organisations.find(number)

    def lives(self, iin: str) -> Mapping[str, bool] | None:
        """Whether ГБД ФЛ knows a person, and as living: no more of it stays here. Raises UpstreamError."""
        found = self._persons.find(iin)
        if found is None:
            return None
        return {"lives": is_alive(found["person"])}

    def person(self, iin: str, consent_holds: timedelta) -> Person | None:
        """A person's data, on a consent that holds so long; by a token of КДП's, where that is set up.

        Raises UpstreamError, KeyUnavailableError.
        """
        token = None
        if self._control is not None:
            token = self._control.token(iin, TOKEN_SERVICE_ID, min(self._token_holds, consent_holds))
        found = self._persons.find(iin, token)
        lacking = _lacking(found) if found is not None else None
        if lacking:
            raise UpstreamUnavailable(f"the registry's answer lacks {lacking}")
        return found

    def employer_data(self, number: str) -> Mapping[str, Any] | None:
        """What a draft contract says of an employer: `organisation`, or `individual` with the name alone."""
        if is_bin(number):
            found = self.organisation(number)
            return None if found is None else {"organisation": found}
        known = self._persons.find(number)
        if known is None:
            return None
        names = ("iin", "surname", "name", "patronymic")
        return {"individual": {name: known["person"][name] for name in names if name in known["person"]}}


def ports_of(registries: StateRegistries | None, settings: Settings) -> dict[str, Port]:
    """Name → port; without registries each says that there are none."""
    if registries is None:
        return dict.fromkeys(PORTS, _no_bus)
    calls = Calls(settings.upstream_deadline_seconds, settings.registry_cache_seconds)
    gives_way = settings.checks_before
    asks: dict[str, Callable[[Question], Ask]] = {
        "person": partial(_person, registries),
        "employer_data": lambda question: _ask(registries.employer_data, question.key),
        "employee": lambda question: _ask(registries.lives, question.key),
        **dict.fromkeys(("employer", "giver", "receiver"), partial(_organisation, registries)),
    }
    return {
        name: RegistryPort(calls, ask, gives_way=gives_way.get(name, False)) for name, ask in asks.items()
    }


def _person(registries: StateRegistries, question: Question) -> Ask:
    """A person's data go to one employer on one consent, and are kept for those two alone."""
    asked = question.command.values["disclosure"]
    consent = permitting(question.state.consents, asked, today(question.now))
    holds = _until_the_end_of(consent["valid_to"], question.now)
    return Ask(
        lambda: registries.person(question.key, holds),
        kept_as=("person", question.key, question.command.employer, consent["id"]),
        kept_for=holds.total_seconds(),
    )


def _organisation(registries: StateRegistries, question: Question) -> Ask:
    if not is_bin(question.key):
        return Ask(lambda: NOT_ASKED)
    return _ask(registries.organisation, question.key)


def _ask(find: Callable[[str], Any], key: str) -> Ask:
    return Ask(lambda: find(key), kept_as=(find.__name__, key))


def _until_the_end_of(day: Any, now: datetime) -> timedelta:
    return datetime.combine(day + timedelta(days=1), time(), ALMATY) - now


async def _no_bus(_question: Question) -> Fetched:
    return Fetched(refusal=Refusal("ESB007", upstream_message="ESUTD_BUS_SYNC_URL is not set"))


def _lacking(person: Person) -> str | None:
    """What our contract promises of every person and document, and this one has not."""
    documents = (key for row in person["documents"] for key in ("type_code", "number") if key not in row)
    return next((key for key in _NEVER_LACKING if key not in person["person"]), next(documents, None))
