"""An engine of a few lines, behind which the edge is shown to be what it is: HTTP and nothing else."""

from __future__ import annotations

import asyncio
import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from esutd_bus.answers import Answer
from esutd_bus.settings import Settings
from esutd_bus.signature.key_ring import KeyRing

if TYPE_CHECKING:
    from esutd_bus.passage import Incoming
    from esutd_bus.soap.envelope import Envelope

NAMESPACE = "urn:edge-test:v1"
PATH = "/soap/test"
CORRELATION_ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")

LIMIT = 2000
BATCH_LIMIT = 4000
MOST_COME = 3
"""More messages that come at once are too many."""

BATCH = f"{{{NAMESPACE}}}DoMany"
SETTINGS = Settings(
    public_url="https://register.example",
    max_body_bytes=LIMIT,
    max_batch_body_bytes=BATCH_LIMIT,
    body_timeout_seconds=1.5,
    max_in_flight=4,
)


@dataclass(frozen=True)
class Contract:
    name: str = "Test"
    namespace: str = NAMESPACE
    path: str = PATH
    operations: dict[str, Any] = field(
        default_factory=lambda: {
            f"{{{NAMESPACE}}}Do": SimpleNamespace(name="Do"),
            BATCH: SimpleNamespace(name="DoMany"),
        }
    )

    def wsdl(self, public_url: str, part: str = "") -> bytes:
        del part
        return f"<wsdl at='{public_url}{self.path}'/>".encode()

    def flat_wsdl(self, public_url: str) -> bytes:
        return f"<flat at='{public_url}{self.path}'/>".encode()

    def schema(self, name: str, public_url: str) -> bytes | None:
        return f"<xs:schema of='{public_url}'/>".encode() if name == "test-v1.xsd" else None


class FakeEngine:
    """Answers with the digest of what it got. What a message holds makes it wait for a sign, or raise."""

    batches = frozenset({BATCH})

    def __init__(self) -> None:
        self.channels = {PATH: SimpleNamespace(contract=Contract())}
        self.keys = KeyRing({})
        self.scratch = Path(os.environ["EDGE_TEST_SCRATCH"])

    @classmethod
    async def open(cls, settings: Settings) -> FakeEngine:
        del settings
        if os.environ.get("EDGE_TEST_UNOPENABLE"):
            raise RuntimeError("no database for 840101300123")
        await asyncio.sleep(float(os.environ.get("EDGE_TEST_OPEN_SECONDS", "0")))
        return cls()

    def is_behind(self, come: int = 0) -> bool:
        return come >= MOST_COME or (self.scratch / "behind").exists()

    def follow(self, follower: Any) -> None:
        """Nothing is entered here."""

    async def handle(self, incoming: Incoming) -> Answer:
        if b"raise" in incoming.body:
            raise RuntimeError("the engine broke its promise")
        if b"wait-for-sign" in incoming.body:
            (self.scratch / f"waiting-{hashlib.sha256(incoming.body).hexdigest()[:8]}").touch()
            while not (self.scratch / "sign").exists():  # noqa: ASYNC110  # another process gives it
                await asyncio.sleep(0.02)
            (self.scratch / "finished").touch()
        if b"busy" in incoming.body:
            return self.transport_fault(503, "ESB009", "the store is away")
        digest = hashlib.sha256(incoming.body).hexdigest()
        body = f"<answer path='{incoming.service_path}' sha256='{digest}'/>".encode()
        return Answer(200, body, operation="Do", correlation_id=CORRELATION_ID)

    def is_batch(self, path: str, envelope: Envelope) -> bool:
        return path == PATH and envelope.payload.tag in self.batches

    def may_be_batch(self, path: str) -> bool:
        return path == PATH

    def transport_fault(self, status: int, code: str, reason: str, path: str = "") -> Answer:
        del path
        headers = (("Retry-After", "2"),) if status == 503 else ()
        body = f"<Fault><code>{code}</code><reason>{reason}</reason></Fault>".encode()
        return Answer(status, body, code, headers, correlation_id=CORRELATION_ID)

    async def ready(self) -> bool:
        return not (self.scratch / "not-ready").exists()

    async def close(self) -> None:
        (self.scratch / f"closed-{os.getpid()}").touch()
