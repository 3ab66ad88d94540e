"""The service's own keys, as the settings name them."""

from __future__ import annotations

from esutd_bus.settings import Settings
from esutd_bus.signature.key_places import KeyPlace, Secret, key_place
from esutd_bus.signature.key_ring import DEFAULT, KeyRing


class ConfigurationError(Exception):
    """The settings do not make a node; the message names the setting."""


def open_keys(settings: Settings) -> KeyRing:
    """The service's own keys, loaded. Raises ConfigurationError, KeyFileError."""
    if DEFAULT in settings.keys:
        raise ConfigurationError(
            f"ESUTD_KEYS: {DEFAULT!r} is the key of ESUTD_KEY_FILE; call this one otherwise"
        )
    if settings.sign_answers and not settings.key_file:
        raise ConfigurationError("ESUTD_SIGN_ANSWERS is true, but ESUTD_KEY_FILE is not set")
    places: dict[str | None, KeyPlace] = {
        name: key_place(key.file, Secret(file=key.password_file)) for name, key in settings.keys.items()
    }
    if settings.key_file:
        given = settings.key_password.get_secret_value() if settings.key_password else None
        places[None] = key_place(settings.key_file, Secret(given, settings.key_password_file))
    return KeyRing(places, settings.clock)
