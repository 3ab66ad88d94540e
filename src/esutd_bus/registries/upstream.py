"""How a call to a state system can fail: three ways, and what each tells the caller."""

from __future__ import annotations


class UpstreamError(Exception):
    """A state system did not give what was asked.

    `code` and `message` are what a fault shows as `upstreamCode` and `upstreamMessage`: the upstream's own
    where it said anything, else `code` is `None` and `message` a short English sentence of ours. Neither
    ever holds a body, a personal number or a password.
    """

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message if code is None else f"{code}: {message}")
        self.code = code
        self.message = message


class UpstreamTimeout(UpstreamError):  # noqa: N818  # the name says what happened
    """No whole answer came before the call's deadline (ESB007). The request may have been carried out.

    `message`: `no answer within 10 s`; `code` is `None`; `deadline` in seconds.
    """

    def __init__(self, deadline: float) -> None:
        super().__init__(f"no answer within {deadline:g} s")
        self.deadline = deadline


class UpstreamUnavailable(UpstreamError):  # noqa: N818  # the name says what happened
    """What came is no answer (ESB007): connection refused or cut, too long, an HTML page, broken XML.

    `message` says which (`HTTP 500: not XML`, `the connection broke`); `code` is `None`.
    The request may have been carried out, unless the connection was refused.
    """


class UpstreamNotReached(UpstreamUnavailable):
    """No connection was made (ESB007): nothing of the request has left, so it was not carried out."""


class UpstreamRefused(UpstreamError):  # noqa: N818  # the name says what happened
    """The upstream answered, and the answer is no (ESB008): its own code and text.

    From a SOAP fault: `errorCode` and `errorMessage` of the bus's ErrorInfo (of its innermost `subError`
    the code, the messages joined by `: ` from the outer to the inner), or faultcode and faultstring where
    there is none. From `responseInfo/status` or the registry's `messageResult`: the code, and the text in
    Russian, or else in Kazakh.
    """

    code: str

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message, code)


class AnswerNotBelieved(UpstreamError):  # noqa: N818  # the name says what happened
    """The answer's document signature is wrong, missing or a stranger's (ESB008): nothing of it is used.

    `reason`: the verifier's word (`digest-mismatch`, `absent`), or `signer`; `message` says it in English.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"the signature of the answer does not hold: {message}")
        self.reason = reason
