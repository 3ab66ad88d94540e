"""The shared bus (ШЭП): its envelopes and channels."""
