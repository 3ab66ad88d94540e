"""A request that HTTP itself is at fault with: it never reaches the engine."""

from __future__ import annotations


class Refused(Exception):  # noqa: N818  # an outcome, not a mistake of ours
    """The request is answered with an HTTP status and a SOAP fault inside, without a look at its message."""

    def __init__(self, status: int, code: str, reason: str, *, allow: str | None = None) -> None:
        """The HTTP status, the answer code (`ESB002`), why (English, nothing of the request in it).

        `allow` names the methods that would do (405, RFC 9110 10.2.1).
        """
        super().__init__(reason)
        self.status = status
        self.code = code
        self.reason = reason
        self.allow = allow
