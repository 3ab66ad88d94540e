"""The rules: small functions, each with the answer code it gives and where that comes from.

«Code text» as a source means the ministry's own text of the answer code (`data/answer-codes.csv`). A rule
judges only what the message says: where a value is absent, the rule about its presence speaks, and no other.
"""
