"""Why a revocation list or an OCSP answer is not believed: a closed vocabulary, for logs and operators."""

from __future__ import annotations

from enum import StrEnum


class Problem(StrEnum):
    """One word for each way a list or an answer can fail."""

    UNREADABLE = "unreadable"
    """The bytes are no list, or no answer (RFC 5280, 5.1; RFC 6960, 4.2.1)."""

    NO_ANSWER = "no-answer"
    """The responder says that it does not answer: tryLater, unauthorized… (RFC 6960, 4.2.1)."""

    EXTENSION = "extension"
    """A critical extension that is not processed here (RFC 5280, 5.2 and 5.3; RFC 6960, 4.4)."""

    SCOPE = "scope"
    """The list is about other certificates than its issuer's, or about some reasons only (RFC 5280, 5.2.5)."""

    ISSUER = "issuer"
    """No configured authority that may sign lists has the issuer's name (RFC 5280, 6.3.3 f)."""

    RESPONDER = "responder"
    """Whoever signed the answer has no right to (RFC 6960, 4.2.2.2)."""

    ALGORITHM = "algorithm"
    """Signed by an algorithm off the closed list, or one that does not fit the key."""

    SIGNATURE = "signature"
    """The signature is not that key's over these octets (RFC 5280, 6.3.3 g; RFC 6960, 3.2)."""

    CERTIFICATE = "certificate"
    """The answer is about another certificate than was asked for (RFC 6960, 3.2)."""

    NONCE = "nonce"
    """The answer does not give back what the request brought (RFC 9654, 2.1)."""

    PERIOD = "period"
    """No nextUpdate, or one that is not after thisUpdate (RFC 5280, 5.1.2.5)."""

    FUTURE = "future"
    """It is told to be from a moment that has not come (RFC 6960, 4.2.2.1)."""

    STALE = "stale"
    """Something newer should have come long ago (RFC 5280, 6.3.3 a; RFC 6960, 4.2.2.1)."""


class NotBelieved(Exception):  # noqa: N818  # a verdict on a list or an answer, not an error of the program
    """A list or an answer does not hold."""

    def __init__(self, problem: Problem, detail: str) -> None:
        super().__init__(f"{problem}: {detail}")
        self.problem = problem
        self.detail = detail
        """One English sentence for an operator."""
