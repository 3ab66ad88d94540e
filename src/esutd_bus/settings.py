"""Settings: `ESUTD_…` variables of the environment, or a TOML file named by `ESUTD_CONFIG`."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from esutd_bus.register.calendar import DayKind
from esutd_bus.register.limits import Limits

ListAddress = Annotated[str, StringConstraints(pattern=r"^(https?|file)://.")]
ResponderAddress = Annotated[str, StringConstraints(pattern=r"^https?://.")]

_PACKAGE = Path(__file__).resolve().parent


def packaged(folder: str) -> Path:
    """Where `wsdl`, `xsd`, `mappings`, `fixtures` lie: in the checkout, or inside the installed package."""
    checkout = _PACKAGE.parents[1]
    if (checkout / "wsdl").is_dir():
        return checkout / folder
    return _PACKAGE / "contracts" / folder


def _default_data_dir() -> Path:
    # PostgreSQL never runs as root: its data must lie where another user can reach it.
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/esutd-bus")
    return Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share")) / "esutd-bus"


class NamedKey(BaseModel):
    """A key of `ESUTD_KEYS`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str
    """As `ESUTD_KEY_FILE`."""

    password_file: Path | None = None


class AccessAsker(BaseModel):
    """`ESUTD_KDP`: who asks the control of access to personal data, as it wants to know it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    company: str
    """The organisation's name."""

    responsible: str
    """Its unit that answers for the data."""

    employee: str
    """Who works with them."""

    data: str
    """What of the data is read (`personal_data_name`)."""

    token_minutes: float = Field(default=10.0, gt=0)
    """How long a token is to hold; never longer than the consent."""


RegistrationCheck = Literal["off", "before", "before-or-afterwards", "afterwards"]
"""`before` accepting; afterwards with a notice; or afterwards only where the registry does not answer."""

BinNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]

KeyName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
"""What a key is called in commands, logs and metrics."""


class Settings(BaseSettings):
    """What an operator decides; every default works on a single machine."""

    model_config = SettingsConfigDict(env_prefix="ESUTD_", extra="ignore")

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    public_url: str = ""
    """The address that `?wsdl` names; by default `http://HOST:PORT`. Never taken from a Host header."""

    database_url: str = ""
    """`postgresql://…` of a real server; empty: PostgreSQL from the wheel, in `data_dir`."""
    data_dir: Path = Field(default_factory=_default_data_dir)
    contracts_dir: Path | None = None
    """A folder with `wsdl`, `xsd`, `mappings` in place of the built-in ones."""

    trust_dir: Path | None = None
    """CA certificates (PEM, DER) whose signatures are believed."""
    clock_skew_seconds: float = Field(default=300.0, ge=0, le=86_400)
    """How far a sender's clock may differ from ours, where a message says when it was made."""
    revocation: Literal["require", "prefer", "off"] | None = None
    """What becomes of a certificate of which nobody knows whether it was revoked: refused, or accepted with a word
    in the report; `off`: nobody asks. Unset: `prefer` where an address is set below, else `off`.
    """
    revocation_grace_hours: float = Field(default=24, ge=0, le=8760)
    """How long a list or an answer still counts after the moment at which something newer was due."""
    revocation_deadline_seconds: float = Field(default=10.0, gt=0)
    """For one list or one answer, from connecting to the last byte."""
    crl_urls: list[ListAddress] = Field(default_factory=list)
    """Revocation lists, whole ones and deltas alike: `http:`, `https:` and `file:` addresses, as JSON."""
    crl_interval_minutes: float = Field(default=30, gt=0)
    """How often they are fetched at least; sooner, when a list's own time is over."""
    ocsp_urls: list[ResponderAddress] = Field(default_factory=list)
    """OCSP responders, as JSON: asked in turn until one knows the certificate."""
    ocsp_interval_minutes: float = Field(default=60, gt=0)
    """How often they are asked about a certificate that is in use."""
    ocsp_hash: Literal["sha256", "sha1"] = "sha256"
    """By which hash certificates are named to them; no signature hangs on it."""
    ocsp_nonce_required: bool = True
    """Whether an answer must give the request's nonce back."""
    key_file: str | None = None
    """The service's own key and certificate: a PKCS#12 file, or a PKCS#11 URI (`pkcs11:…`)."""
    key_password: SecretStr | None = None
    key_password_file: Path | None = None
    keys: dict[KeyName, NamedKey] = Field(default_factory=dict)
    """More keys of the service, as JSON: `{"partner": {"file": "…", "password_file": "…"}}`."""
    sign_answers: bool = False

    bus_sync_url: str = ""
    """The bus's synchronous channel, by which the state registries are reached."""
    bus_async_url: str = ""
    """The bus's asynchronous channel, by which notifications, requests and responses are sent."""
    bus_sender_id: str = "esutd"
    bus_password: SecretStr | None = None
    upstream_deadline_seconds: float = Field(default=10.0, gt=0)
    sign_bus_requests: bool = False
    """Whether what is sent to the bus is signed by `wsse`, with the service's own key."""
    owner_bin: str = Field(default="", pattern=r"^([0-9]{12})?$")
    """BIN of who runs this service: in its name ГБД ЮЛ and КДП are asked."""
    registry_key: KeyName | None = None
    """By which of `keys` ГБД ЮЛ and КДП are asked, and the bus's messages signed; unset: by `key_file`."""
    kdp: AccessAsker | None = None
    """Who asks КДП for access to personal data, as JSON; unset: ГБД ФЛ is asked without a token."""
    registry_signers: list[BinNumber] = Field(default_factory=list)
    """BINs by whose document signatures the registries' answers are believed, as JSON. Empty: anybody's that holds
    will do, and an answer without one is believed as well.
    """
    registry_cache_seconds: float = Field(default=300.0, ge=0, le=86_400)
    """How long an answer of a registry serves again, in a worker's memory alone, never past the consent; 0: never."""
    employer_check: RegistrationCheck = "off"
    """When ГБД ЮЛ is asked whether an employer that registers a contract exists and is not liquidated (ESB012)."""
    employee_check: RegistrationCheck = "off"
    """When ГБД ФЛ is asked whether the employee of a new contract exists and lives (SCSE012)."""
    transfer_check: Literal["off", "before"] = "off"
    """Whether ГБД ЮЛ is asked for the reorganisation by which contracts pass to another employer (SCSE153–157)."""

    outbox_hours: float = Field(default=72, gt=0)
    """How long a message is tried to be delivered; after that it is a dead letter."""
    outbox_refusals: int = Field(default=8, ge=1)
    """After so many refusals of the bus, or failed deliveries of its own, a message is a dead letter."""

    outbox_keep_days: float = Field(default=90, gt=0)
    """How long messages that are through can be looked at; then they are removed. Dead letters stay."""

    archive_dir: Path | None = None
    """Where archived slices of the journal go; a folder that every node with `work` reaches."""
    keep_bodies_days: float | None = Field(default=None, ge=1)
    """How long the database keeps the bytes of messages, which then stand in a slice; unset: for ever."""
    keep_requests_days: float | None = Field(default=None, ge=1)
    """How long a requestId stays bound to its answer; unset: for ever."""
    keep_certificates_days: float | None = Field(default=None, ge=8)
    """How long a certificate that no message comes with is remembered with its OCSP answer; unset: for ever.

    Not shorter than it is asked about, which is 7 days. Revoked ones are never forgotten.
    """

    work: bool = True
    """Whether `serve` also runs the jobs of `work`."""
    workers: int = Field(default=2, ge=1, le=64)
    worker_max_megabytes: int = Field(default=1024, ge=256)
    """A worker that holds more memory than that finishes what it has and is replaced by a new one."""
    node: str = Field(default_factory=socket.gethostname)
    """This machine's name in the journal."""
    max_body_bytes: int = Field(default=102_400, gt=0)
    """SCSE999: 100 KB of HTTP body."""
    max_batch_body_bytes: int = Field(default=5_242_880, gt=0)
    """The same for SubmitBatch: 5 MB."""
    body_timeout_seconds: float = Field(default=15.0, gt=0)
    max_in_flight: int = Field(default=512, gt=0)
    """Requests a worker holds at once; one more is answered ESB009."""

    moved_days: dict[date, DayKind] = Field(default_factory=dict)
    """Working days the government has moved, as JSON: `{"2026-01-05": "off", "2026-01-11": "working"}`."""

    rules_in_force_on: date = Limits().rules_in_force_on
    """When the rules of order 353 took effect: contracts that were in force before are counted from then (353/7)."""

    now: AwareDatetime | None = None
    """A fixed instant for rules and certificates, never for time-outs (tests)."""
    believe_sent_at: bool = False
    """The rules take a message's own `sentAt` for the present, so that windows and deadlines can be tried out.

    For testbeds; nothing where `now` is given. Signatures are judged by the clock all the same.
    """
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"
    log_format: Literal["json", "console"] = "json"

    @model_validator(mode="after")
    def _revocation_has_addresses(self) -> Self:
        if self.revocation_policy != "off" and not (self.crl_urls or self.ocsp_urls):
            raise ValueError(
                f"ESUTD_REVOCATION is {self.revocation}, but neither ESUTD_CRL_URLS nor ESUTD_OCSP_URLS is set"
            )
        return self

    @model_validator(mode="after")
    def _archive_has_a_place(self) -> Self:
        if self.keep_bodies_days is not None and self.archive_dir is None:
            raise ValueError(
                "ESUTD_KEEP_BODIES_DAYS is set, but ESUTD_ARCHIVE_DIR, where they would go, is not"
            )
        return self

    @model_validator(mode="after")
    def _registries_can_be_asked(self) -> Self:
        wants_gbdul = self.transfer_check != "off" or self.employer_check != "off"
        if (wants_gbdul or self.employee_check != "off") and not self.bus_sync_url:
            raise ValueError("a check by a state registry is on, but ESUTD_BUS_SYNC_URL is not set")
        if self.registry_key is not None and self.registry_key not in self.keys:
            raise ValueError(f"ESUTD_REGISTRY_KEY: {self.registry_key} is none of ESUTD_KEYS")
        if (wants_gbdul or self.kdp is not None) and not self.asks_by_name:
            raise ValueError(
                "ГБД ЮЛ or КДП is to be asked, but ESUTD_OWNER_BIN, or a key to ask with, is not set"
            )
        if self.sign_bus_requests and not (self.registry_key or self.key_file):
            raise ValueError(
                "ESUTD_SIGN_BUS_REQUESTS is true, but neither ESUTD_REGISTRY_KEY nor ESUTD_KEY_FILE is set"
            )
        return self

    @property
    def asks_by_name(self) -> bool:
        """Whether there is in whose name, and by which key, ГБД ЮЛ and КДП can be asked."""
        return bool(self.owner_bin and (self.registry_key or self.key_file))

    @property
    def checks_wanted(self) -> frozenset[str]:
        """What is to be checked of a registration, before or afterwards: `employer`, `employee`."""
        policies = {"employer": self.employer_check, "employee": self.employee_check}
        return frozenset(about for about, policy in policies.items() if policy != "off")

    @property
    def checks_before(self) -> Mapping[str, bool]:
        """What is checked before a message is accepted → whether it goes on where the registry does not answer."""
        policies: dict[str, str] = {
            "employer": self.employer_check,
            "employee": self.employee_check,
            "giver": self.transfer_check,
            "receiver": self.transfer_check,
        }
        gives_way = {"before": False, "before-or-afterwards": True}
        return {port: gives_way[policy] for port, policy in policies.items() if policy in gives_way}

    @property
    def public_address(self) -> str:
        """`public_url` without a trailing slash, or the address the service listens on."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.public_url or f"http://{host}:{self.port}").rstrip("/")

    @property
    def contract_folder(self) -> Path:
        """The folder that holds `wsdl`, `xsd` and `mappings`."""
        return self.contracts_dir or packaged(".")

    @property
    def clock_skew(self) -> timedelta:
        """`clock_skew_seconds` as a span of time."""
        return timedelta(seconds=self.clock_skew_seconds)

    @property
    def revocation_policy(self) -> Literal["require", "prefer", "off"]:
        """`revocation`, or its default."""
        return self.revocation or ("prefer" if self.crl_urls or self.ocsp_urls else "off")

    @property
    def clock(self) -> Callable[[], datetime]:
        """The present as rules and certificates see it."""
        if self.now is not None:
            fixed = self.now
            return lambda: fixed
        return lambda: datetime.now(UTC)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, the environment over the file."""
        del dotenv_settings, file_secret_settings
        file = os.environ.get("ESUTD_CONFIG")
        if file and not Path(file).is_file():
            raise SettingsError(f"ESUTD_CONFIG names {file}, which is no file")
        toml = TomlConfigSettingsSource(settings_cls, file)
        return init_settings, env_settings, toml
