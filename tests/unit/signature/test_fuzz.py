"""Whatever becomes of a message's octets: it is refused by a verdict, or says what was signed."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from esutd_bus.signature.known import CertificateIndex
from esutd_bus.signature.report import SignatureRefused
from esutd_bus.signature.trust import TrustStore
from esutd_bus.signature.verifier import Verifier
from esutd_bus.soap.envelope import SoapError, open_envelope
from support.attacks.attack import Forge
from support.fuzzing import Budget, Progress, good_messages, meaning, mutants

pytestmark = pytest.mark.filterwarnings("ignore:Parsed a serial number", "ignore:Attribute's length must be")


def test_no_mutant_gets_in_or_breaks_the_verifier(
    forge: Forge, fuzz_budget: Budget, capsys: pytest.CaptureFixture[str]
) -> None:
    known = CertificateIndex([forge.ca.identity("employer").certificate.public_bytes(Encoding.DER)])
    verifier = Verifier(TrustStore.from_directory(forge.ca.trust_dir), known=known)
    good = good_messages(forge)
    for raw in good.values():
        verifier.verify(open_envelope(raw), forge.now)
    meant = {name: meaning(raw) for name, raw in good.items()}
    progress = Progress(fuzz_budget, capsys, "in process")
    for mutant in mutants(fuzz_budget, good):
        try:
            verifier.verify(open_envelope(mutant.octets), forge.now)
        except SoapError as error:
            progress.count(error.code)
        except SignatureRefused as refused:
            progress.count(str(refused.report.reason))
        except Exception as error:
            raise AssertionError(mutant) from error
        else:
            assert meaning(mutant.octets) == meant[mutant.base], mutant
            progress.count("accepted, for it says what was signed")
    assert progress.outcomes.total() == fuzz_budget.messages
    assert len(progress.outcomes) >= 15, "the mutations are too much alike"
