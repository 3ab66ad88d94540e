"""`make bench-signature`: verifying signatures, side by side with other implementations.

    NAME RATIOx   above 1, we are faster; then the µs of CPU on both sides, and what the rounds' ratios lay between

The same goes, with the machine and all versions, to `benchmarks/results/signature-DATE.json`. `README.md` beside this
file tells what each line compares.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from benchmarks import machine, messages
from benchmarks.bouncycastle import BouncyCastle, lacking
from benchmarks.rounds import Here, compare, run
from benchmarks.verifiers import Ours, Signxml, SignxmlPinned, SignxmlWithChain, Xmlsec
from esutd_bus.signature import canonical, names
from esutd_bus.signature.gost.algorithms import GOST_2015_512
from esutd_bus.signature.gost.certificates import public_key
from esutd_bus.signature.gost.keys import GostPublicKey, key_comb
from esutd_bus.signature.signed_info import read_signature
from esutd_bus.testbed.test_ca import TestCa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from benchmarks.rounds import Comparison, Contender, Spent

RESULTS: Final = Path(__file__).with_name("results")


@dataclass(frozen=True)
class Effort:
    """How long everything takes."""

    rounds: int = 9
    slices: int = 15
    seconds: float = 0.015
    """Of a slice."""

    warming_seconds: float = 8
    """Java's compiler needs them, for each kind of work."""


@dataclass(frozen=True)
class Line:
    """One line of the outcome."""

    name: str
    theirs: str
    comparison: Comparison

    def __str__(self) -> str:
        """As it is printed."""
        one = self.comparison
        return (
            f"{self.name:<34} {one.ratio:5.2f}x   ours {one.ours:7.1f} µs   {self.theirs} {one.theirs:7.1f} µs   "
            f"rounds {one.lowest:.2f}x to {one.highest:.2f}x   by the clock {one.clock_ratio:.2f}x"
        )


@dataclass(frozen=True)
class Question:
    """Ourselves and those beside us, at the same work."""

    ours: Contender
    peers: Mapping[str, tuple[str, Contender]]
    """The line's name → who they are."""

    def lines(self, effort: Effort) -> Iterator[Line]:
        """The outcome."""
        contenders: Sequence[Contender] = [self.ours, *(peer for _, peer in self.peers.values())]
        ours, *theirs = run(contenders, rounds=effort.rounds, slices=effort.slices, seconds=effort.seconds)
        for (name, (who, _)), result in zip(self.peers.items(), theirs, strict=True):
            yield Line(name, who, compare(ours, result))


@dataclass(frozen=True)
class GostSignature:
    """The signature of one message of the test CA: a key, SignatureValue, and SignedInfo in canonical form."""

    key: GostPublicKey
    value: bytes
    data: bytes

    @classmethod
    def of(cls, ca: TestCa) -> GostSignature:
        """What the GOST employer's message bears."""
        message = etree.fromstring(messages.termination(ca, messages.GOST_EMPLOYER))
        parts = read_signature(next(message.iter(names.SIGNATURE)))
        key = public_key(ca.identity(messages.GOST_EMPLOYER).certificate)
        return cls(key, parts.signature_value, canonical.exclusive(parts.signed_info))

    def verify_seen(self) -> None:
        """Verify; the key's table is there since it was seen first."""
        _require(GOST_2015_512.verify(self.key, self.value, self.data))

    def verify_first(self) -> None:
        """Verify as if the key had never been seen: it is read from its octets, judged, and its table made."""
        key_comb.cache_clear()
        key = GostPublicKey.from_octets(self.key.curve, self.key.to_octets())
        _require(GOST_2015_512.verify(key, self.value, self.data))


class Elsewhere:
    """BouncyCastle's work, timed by itself."""

    def __init__(self, peer: BouncyCastle, what: str) -> None:
        self._peer = peer
        self._what = what

    def spend(self, count: int) -> Spent:
        """Do the work so many times."""
        return self._peer.spend(self._what, count)

    def warm(self, seconds: float) -> None:
        """Work until Java has compiled what it will."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.spend(20)


def authorities(ca: TestCa, folder: Path) -> Path:
    """The RSA authorities in one file, made in a folder: as signxml takes them."""
    file = folder / "authorities.pem"
    file.write_bytes(b"".join((ca.trust_dir / f"{name}.pem").read_bytes() for name in ("root", "authority")))
    return file


def rsa(ca: TestCa, trusted: Path) -> Iterator[Question]:
    """Whole messages signed with RSA-2048, from the bytes to the payload; the signer was seen before."""
    certificate = ca.identity(messages.EMPLOYER).certificate
    ours, signxml, xmlsec = Ours(ca.trust_dir), Signxml(certificate), Xmlsec(certificate)
    pinned = SignxmlPinned(certificate)
    small, large = messages.termination(ca), messages.contract(ca)
    yield Question(
        _taking(ours, small),
        {
            "wsse-rsa-signxml": ("signxml", _taking(signxml, small)),
            "wsse-rsa-xmlsec": ("xmlsec", _taking(xmlsec, small)),
            "wsse-rsa-signxml-pinned": ("signxml", _taking(pinned, small)),
        },
    )
    yield Question(
        _taking(ours, large),
        {
            "wsse-rsa-large-signxml": ("signxml", _taking(signxml, large)),
            "wsse-rsa-large-xmlsec": ("xmlsec", _taking(xmlsec, large)),
        },
    )
    with_chain = messages.termination(ca, key_info="X509Data")
    signxml_with_chain = SignxmlWithChain(certificate, trusted)
    yield Question(
        _taking(ours, with_chain),
        {"wsse-rsa-chain-signxml": ("signxml", _taking(signxml_with_chain, with_chain))},
    )


def gost(signature: GostSignature, peer: BouncyCastle, warming_seconds: float) -> Iterator[Question]:
    """Signatures by 34.10-2015 (512 bits) over SignedInfo, its hash included."""
    peer.load(signature.key, signature.value, signature.data)
    for what, ours, name in (
        ("seen", signature.verify_seen, "gost-2015-512-bouncycastle"),
        ("first", signature.verify_first, "gost-2015-512-first-bouncycastle"),
    ):
        theirs = Elsewhere(peer, what)
        theirs.warm(warming_seconds)
        yield Question(Here(ours), {name: ("bouncycastle", theirs)})


def measure(effort: Effort, told: dict[str, Any]) -> Iterator[Line]:
    """Every line. What else there is to tell comes into `told`."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ca = TestCa.create(folder / "ca")
        told["octets"] = {
            "wsse-rsa": len(messages.termination(ca)),
            "wsse-rsa-large": len(messages.contract(ca)),
        }
        for question in rsa(ca, authorities(ca, folder)):
            yield from question.lines(effort)
        whole = _taking(Ours(ca.trust_dir), messages.termination(ca, messages.GOST_EMPLOYER))
        (alone,) = run([whole], rounds=effort.rounds, slices=effort.slices, seconds=effort.seconds)
        told["wsse-gost, ours"] = round(median(alone.cpu), 1)
        if missing := lacking():
            told["left out"] = f"gost-2015-512: there is no {missing}"
            return
        peer = stack.enter_context(BouncyCastle())
        told["versions"] |= peer.versions()
        for question in gost(GostSignature.of(ca), peer, effort.warming_seconds):
            yield from question.lines(effort)


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(
        description="Verifying signatures, side by side with other implementations."
    )
    parser.add_argument("--rounds", type=int, default=Effort.rounds, help="at least 7 to be taken seriously")
    effort = Effort(rounds=parser.parse_args().rounds)
    taken = datetime.now(UTC)
    told: dict[str, Any] = {
        "taken": taken.isoformat(timespec="seconds"),
        "machine": machine.describe(),
        "versions": machine.versions(),
        "effort": asdict(effort),
    }
    lines = {}
    for line in measure(effort, told):
        print(line, flush=True)
        lines[line.name] = {"theirs": line.theirs, **asdict(line.comparison)}
    print(
        f"{'wsse-gost':<34}          ours {told['wsse-gost, ours']:7.1f} µs, a whole message, nobody beside"
    )
    if "left out" in told:
        print(told["left out"])
    kept = RESULTS / f"signature-{taken:%Y-%m-%d}.json"
    kept.write_text(
        json.dumps(told | {"lines": lines}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    print(f"kept in {kept}")


def _taking(verifier: Callable[[bytes], object], raw: bytes) -> Here:
    return Here(lambda: verifier(raw))


def _require(verdict: bool) -> None:
    if not verdict:
        raise RuntimeError("the signature does not hold")


if __name__ == "__main__":
    main()
