"""Settings that cannot be meant end a command with one clear line."""

from __future__ import annotations

import pytest

from esutd_bus.commands.exits import EnvironmentFault
from esutd_bus.commands.given_settings import given_settings
from esutd_bus.settings import Settings


@pytest.fixture(autouse=True)
def no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"ESUTD_{name.upper()}", raising=False)
    monkeypatch.delenv("ESUTD_CONFIG", raising=False)


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        (
            "ESUTD_REVOCATION",
            "require",
            "^ESUTD_REVOCATION is require, but neither ESUTD_CRL_URLS nor ESUTD_OCSP",
        ),
        ("ESUTD_REVOCATION", "perhaps", "^ESUTD_REVOCATION: Input should be 'require', 'prefer' or 'off'"),
        ("ESUTD_CRL_URLS", '["ldap://crl.example.kz/"]', "^ESUTD_CRL_URLS: "),
        ("ESUTD_OCSP_URLS", '["file:///answer"]', "^ESUTD_OCSP_URLS: "),
        ("ESUTD_OCSP_URLS", "http://ocsp.example.kz/", "the settings cannot be read"),
        ("ESUTD_PORT", "0", "^ESUTD_PORT: "),
    ],
)
def test_what_is_wrong_is_told(monkeypatch: pytest.MonkeyPatch, setting: str, value: str, told: str) -> None:
    monkeypatch.setenv(setting, value)
    with pytest.raises(EnvironmentFault, match=told):
        given_settings()


@pytest.mark.parametrize(
    ("given", "policy"),
    [
        ({}, "off"),
        ({"ESUTD_CRL_URLS": '["file:///a.crl"]'}, "prefer"),
        ({"ESUTD_OCSP_URLS": '["http://ocsp.example.kz/"]'}, "prefer"),
        ({"ESUTD_CRL_URLS": '["https://a.kz/a.crl"]', "ESUTD_REVOCATION": "require"}, "require"),
        ({"ESUTD_CRL_URLS": '["http://a.kz/a.crl"]', "ESUTD_REVOCATION": "off"}, "off"),
        ({"ESUTD_REVOCATION": "off"}, "off"),
    ],
)
def test_the_policy_of_revocation(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], policy: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert given_settings().revocation_policy == policy
