"""esutd_bus: the SOAP adapter of Kazakhstan's register of employment contracts (ЕСУТД)."""

__version__ = "0.1.0"
