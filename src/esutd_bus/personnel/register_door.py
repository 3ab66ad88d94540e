"""The register's service as a client sees it: a message is signed, sent again while nobody answers, and read."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import requests
from lxml.etree import _Element as Element

from esutd_bus.personnel.messages import enveloped
from esutd_bus.signature.keys import SigningKey
from esutd_bus.signature.signing import sign_wsse
from esutd_bus.soap.contract import Operation
from esutd_bus.soap.envelope import SoapError, open_envelope

TRIES = 6
LONGEST_PAUSE_SECONDS = 20.0
CONNECT_SECONDS, ANSWER_SECONDS = 10, 180
_AGAIN = 503
_COMMON = "{urn:esutd-bus:common:v1}"


class NoAnswerError(Exception):
    """Nobody answers, or not as the register does: whether the message came is not known. In Russian."""


@dataclass(frozen=True, slots=True)
class Error:
    """One error of a fault, or of a batch's entry."""

    code: str
    field: str
    text: str


class RefusedError(Exception):
    """The register has refused the message as a whole."""

    def __init__(self, errors: list[Error], *, by_sender: bool) -> None:
        super().__init__("; ".join(f"{error.code}: {error.text}" for error in errors))
        self.errors = errors
        self.by_sender = by_sender
        """Whether it is the message's own fault (`Client`): as it is, it will never be taken."""


class RegisterDoor:
    """Sends messages of one service, one after the other."""

    def __init__(self, url: str, key: SigningKey, told: Callable[[str], None]) -> None:
        """`url`: the service's address; `told`: hears why a message is sent again."""
        self._url = url
        self._key = key
        self._told = told
        self._session = requests.Session()

    def ask(self, operation: Operation, payload: Element) -> Element:
        """The answer's element. Raises RefusedError, NoAnswerError; the same message may be sent again."""
        message = sign_wsse(enveloped(payload), self._key)
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{operation.soap_action}"'}
        for attempt in range(1, TRIES + 1):
            pause = min(2.0 ** (attempt - 1), LONGEST_PAUSE_SECONDS)
            try:
                answer = self._session.post(
                    self._url,
                    data=message,
                    headers=headers,
                    timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
                    allow_redirects=False,
                )
            except requests.RequestException as error:
                why = f"{self._url} не отвечает ({type(error).__name__})"
            else:
                if answer.status_code != _AGAIN:
                    return _read(answer, operation)
                why = f"{self._url} просит подождать"
                given = answer.headers.get("Retry-After", "")
                pause = min(float(given), LONGEST_PAUSE_SECONDS) if given.isdigit() else pause
            if attempt < TRIES:
                self._told(f"{why}; ещё раз через {pause:g} с")
                time.sleep(pause)
        raise NoAnswerError(why)


def errors_in(element: Element) -> list[Error]:
    """The errors that stand in a fault's detail or in a batch's entry."""
    return [
        Error(
            error.findtext(f"{_COMMON}code", ""),
            error.findtext(f"{_COMMON}field", ""),
            error.findtext(f"{_COMMON}messageRu", ""),
        )
        for error in element.iter("{*}error")
    ]


def _read(answer: requests.Response, operation: Operation) -> Element:
    try:
        payload = open_envelope(answer.content).payload
    except SoapError as error:
        raise NoAnswerError(f"ответ {answer.status_code} — не реестра: {error.detail}") from error
    if payload.tag == operation.response.tag:
        return payload
    errors = errors_in(payload)
    if not errors:
        raise NoAnswerError(f"ответ {answer.status_code} — не тот, которого ждут: {payload.tag}")
    raise RefusedError(errors, by_sender=payload.findtext("faultcode", "").endswith("Client"))
