"""Plans: how a message's element is decoded and encoded, compiled from the schema once."""

from esutd_bus.soap.decode_plan import RequestPlan
from esutd_bus.soap.encode_plan import AnswerPlan, EncodeError
from esutd_bus.soap.problem import Decoded, Problem

__all__ = ["AnswerPlan", "Decoded", "EncodeError", "Problem", "RequestPlan"]
