"""Revocation: whether an authority has taken a certificate back, as its lists and its OCSP responder tell.

Pure: what is fetched, by whom and when, is no matter of this room.
"""
