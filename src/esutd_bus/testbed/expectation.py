"""A fixture's `expect.yaml`: who signs, what goes first, and what must come back."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from esutd_bus.plain_yaml import load_yaml
from esutd_bus.testbed.fault_script import Fault

UNSIGNED = "none"
"""The `signer` of an envelope that goes out as it stands."""


class ExpectationError(Exception):
    """An `expect.yaml` that cannot be understood; the message names the key."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ExpectedError(_Part):
    """One `error` of a RegisterFault. What is not named here is not compared, but for `field`."""

    code: str
    field: str | None = None
    """Path below the operation's element; none means that the error must name no field."""
    reason: str | None = None
    upstream_code: str | None = None
    upstream_message: str | None = None


class HttpRequest(_Part):
    """How the request departs from a plain SOAP 1.1 POST."""

    method: str = "POST"
    content_type: str = "text/xml; charset=utf-8"
    encoding: str = "utf-8"
    """The bytes' encoding; the XML declaration is made to agree with it."""
    headers: dict[str, str] = Field(default_factory=dict)


class Http(_Part):
    """What HTTP itself must say."""

    status: int | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    request: HttpRequest = HttpRequest()


class Tampering(_Part):
    """One change to the bytes after they were signed."""

    replace: tuple[str, str]
    """A regular expression that must match, and what its first match becomes (`\\1` is a group)."""

    def apply(self, text: str) -> str:
        """The text after the change.

        Raises:
            ExpectationError: the expression matches nowhere, so nothing would be tampered with.
        """
        pattern, replacement = self.replace
        changed, count = re.subn(pattern, replacement, text, count=1, flags=re.DOTALL)
        if not count:
            raise ExpectationError(f"tamper: {pattern!r} matches nothing in the signed envelope")
        return changed


ChannelName = Literal["direct", "sync"]
Profile = Literal["wsse", "header", "document"]
KeyInfo = Literal["KeyIdentifier", "BinarySecurityToken", "X509Data", "X509IssuerSerial"]


class ExpectedSignature(_Part):
    """One signature that is made before the message goes out."""

    signer: str
    """A named identity of the test CA."""
    profile: Profile = "wsse"
    key_info: KeyInfo | None = None
    """How the certificate travels; by default the profile's usual way."""


class Expectation(_Part):
    """All of `expect.yaml`."""

    signer: str | None = None
    """A named identity of the test CA, or `none`."""
    profile: Profile = "wsse"
    key_info: KeyInfo | None = None
    signatures: tuple[ExpectedSignature, ...] = ()
    """In place of `signer`, where there are several, in the order in which they are made."""
    channel: ChannelName | None = None
    """By which way it goes: `sync`, inside the bus's `SendMessage`; by default as the run says."""
    upstream: tuple[Fault, ...] = ()
    """What goes wrong on the simulated bus while it is sent, as a fault script says it."""
    endpoint: str | None = None
    """The service's path; by default that of the WSDL whose namespace the payload has."""
    after: tuple[str, ...] = ()
    """Fixtures that go first, by name."""
    own: bool = False
    """Those that go first are sent anew, for this fixture alone, because it changes what they made."""
    tamper: tuple[Tampering, ...] = ()
    http: Http = Http()

    code: str | None = None
    """The answer code of the fault; none for an answer that must succeed."""
    field: str | None = None
    reason: str | None = None
    upstream_code: str | None = None
    upstream_message: str | None = None
    errors: tuple[ExpectedError, ...] = ()
    """In place of `code`, where one message has several errors."""
    faultcode: Literal["Client", "Server"] = "Client"
    warning: tuple[str, ...] = ()
    """Codes of the receipt's warnings, in order."""
    answer: str | None = None
    """The body's element, with the request's placeholders; prefixes and indentation do not count."""
    volatile: tuple[str, ...] = ()
    """Paths below that element whose text is new each time; they must be there and not empty."""
    same_answer_as: str | None = None
    """A fixture whose answer this one's must equal byte for byte."""

    @cached_property
    def expected_errors(self) -> tuple[ExpectedError, ...]:
        """All errors that the fault must tell; none for an answer that must succeed."""
        if self.code is None:
            return self.errors
        first = ExpectedError(
            code=self.code,
            field=self.field,
            reason=self.reason,
            upstream_code=self.upstream_code,
            upstream_message=self.upstream_message,
        )
        return (first,)

    @cached_property
    def all_signatures(self) -> tuple[ExpectedSignature, ...]:
        """The signatures to make, in their order; none for a message that goes out as it stands."""
        if self.signer is None or self.signer == UNSIGNED:
            return self.signatures
        return (ExpectedSignature(signer=self.signer, profile=self.profile, key_info=self.key_info),)

    @property
    def speaker(self) -> str | None:
        """Whose message it is: the last signer of the document, else of the envelope; none of an unsigned one."""
        documents = [signature for signature in self.all_signatures if signature.profile == "document"]
        return next((signature.signer for signature in reversed(documents or self.all_signatures)), None)

    @property
    def status(self) -> int:
        """The HTTP status: stated, or what SOAP 1.1, 6.2 asks."""
        return self.http.status or (500 if self.expected_errors else 200)

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        if (self.signer is None) != bool(self.signatures):
            raise ValueError("state `signer`, or `signatures` where there are several")
        if self.signatures and (self.profile != "wsse" or self.key_info is not None):
            raise ValueError("each of `signatures` has its own `profile` and `key_info`")
        if self.code is not None and self.errors:
            raise ValueError("`code` tells of one error, `errors` of several: state one of them")
        about_one = (self.field, self.reason, self.upstream_code, self.upstream_message)
        if self.code is None and any(part is not None for part in about_one):
            raise ValueError("`field`, `reason` and `upstream_…` describe the error that `code` names")
        about_success = (self.answer, self.same_answer_as, *self.warning)
        if self.expected_errors and any(part is not None for part in about_success):
            raise ValueError("a fault has no `answer`, `same_answer_as` or `warning`")
        if self.same_answer_as is not None and self.same_answer_as not in self.after:
            raise ValueError(f"`same_answer_as: {self.same_answer_as}` must go first: name it in `after`")
        if self.own and not self.after:
            raise ValueError("`own` is about what goes first, but `after` is empty")
        return self


def read_expectation(text: str) -> Expectation:
    """An expectation from the text of `expect.yaml`.

    Raises:
        ExpectationError: not YAML, an unknown key, or a value of the wrong kind.
    """
    try:
        document = load_yaml(text)
    except yaml.YAMLError as error:
        raise ExpectationError(f"not YAML: {error}") from error
    if not isinstance(document, dict):
        raise ExpectationError("not a mapping of keys to values")
    try:
        return Expectation.model_validate(document)
    except ValidationError as error:
        raise ExpectationError("; ".join(map(_told, error.errors(include_url=False)))) from error


def _told(error: object) -> str:
    if not isinstance(error, dict):  # pragma: no cover - pydantic gives dictionaries
        return str(error)
    where = ".".join(str(step) for step in error["loc"])
    what = "unknown key" if error["type"] == "extra_forbidden" else str(error["msg"])
    return f"{where}: {what}" if where else what
