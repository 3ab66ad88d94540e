"""The document signatures of registries' answers: a wrong one is as good as no answer, and nothing of it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from esutd_bus.registries.lenient import children
from esutd_bus.registries.upstream import AnswerNotBelieved
from esutd_bus.signature import names
from esutd_bus.signature.report import SignatureRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from lxml.etree import _Element as Element

    from esutd_bus.signature.verifier import VerifiedMessage, Verifier

    Verify = Callable[[], VerifiedMessage]
    InVerifiersThread = Callable[[Verify], VerifiedMessage]

_STRANGER: Final = "signer"
"""The reason where a signature holds, but is not a registry's."""


class AnswerSignatures:
    """Takes answers as the verifier hands them on. Safe to use from many threads, if `run` is.

    Args:
        verifier: by whose authorities the signatures must hold.
        clock: the present.
        signers: BINs whose signatures are the registries' own; an answer must then bear one of theirs. Where none are
            told, anybody's signature that holds will do, and so will an answer without one.
        run: runs a verification where the verifier may be used.
    """

    def __init__(
        self,
        verifier: Verifier,
        clock: Callable[[], datetime],
        signers: Collection[str] = (),
        run: InVerifiersThread = lambda verify: verify(),
    ) -> None:
        self._verifier = verifier
        self._clock = clock
        self._signers = frozenset(signers)
        self._run = run

    def of_element(self, data: Element, raw: bytes) -> Element:
        """Business data that stand as XML in an answer, `raw`. Raises AnswerNotBelieved."""
        signed = data if _is_signed(data) or len(data) != 1 else data[0]
        return self._believed(signed, lambda: self._verifier.verify_element(signed, raw, self._clock()), data)

    def of_document(self, root: Element, text: str) -> Element:
        """Business data that stood as text in an answer, and their root. Raises AnswerNotBelieved."""
        return self._believed(root, lambda: self._verifier.verify_document(text, self._clock()), root)

    def _believed(self, signed: Element, verify: Verify, unsigned: Element) -> Element:
        if not self._signers and next(signed.iter(names.SIGNATURE), None) is None:
            return unsigned
        try:
            message = self._run(verify)
        except SignatureRefused as refused:
            reason, detail = refused.report.reason, refused.report.detail
            raise AnswerNotBelieved(str(reason), detail or "") from refused
        if self._signers and message.signer.employer_id not in self._signers:
            raise AnswerNotBelieved(_STRANGER, "the answer is signed by somebody who is no registry")
        return message.payload


def _is_signed(element: Element) -> bool:
    return next(children(element, "Signature"), None) is not None
