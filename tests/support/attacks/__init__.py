"""Attacks as data: each one is made from a good message, and says how it must be answered.

The suite at the door sends them all; the mutation of the verifier shows that they bite.
"""

from support.attacks.catalogue import ATTACKS, FAMILIES

__all__ = ["ATTACKS", "FAMILIES"]
