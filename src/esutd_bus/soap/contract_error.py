"""A service contract that cannot be served."""

from __future__ import annotations


class ContractError(Exception):
    """The WSDL or XSD is missing, wrong, or uses what this service cannot carry.

    Raised while contracts load, before anything is served; the message names the file, the construct
    and, where there is one, the way out. What is not supported is refused here, never dropped.
    """
