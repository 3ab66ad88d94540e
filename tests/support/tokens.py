"""Tokens of SoftHSM, filled by OpenSC's tool: neither shares code with ours."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12

from esutd_bus.testbed.test_ca import TestIdentity
from support import tools

PIN = "1234-пин"
_SO_PIN = "12345678"


@dataclass
class SoftHsm:
    """SoftHSM with a configuration of its own. Processes see its tokens where `environment` is theirs."""

    folder: Path
    mechanisms: str = "ALL"
    module: Path = field(init=False)
    environment: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.module = tools.file(
            "/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"
        )
        self.tokens = self.folder / "tokens"
        self.tokens.mkdir(parents=True, exist_ok=True)
        configuration = self.folder / "softhsm2.conf"
        configuration.write_text(
            f"directories.tokendir = {self.tokens}\nobjectstore.backend = file\nlog.level = ERROR\n"
            f"slots.mechanisms = {self.mechanisms}\n"
        )
        self.environment = {"SOFTHSM2_CONF": str(configuration)}

    def add_token(self, label: str, pin: str = PIN) -> None:
        command = [tools.program("softhsm2-util"), "--init-token", "--free", "--label", label]
        self._run([*command, "--pin", pin, "--so-pin", _SO_PIN])

    def add_key(self, token: str, identity: TestIdentity, label: str, identifier: str) -> None:
        """An identity's key and its certificate, under one CKA_ID (hexadecimal)."""
        key, certificate, _ = pkcs12.load_key_and_certificates(
            identity.path.read_bytes(), identity.password.encode()
        )
        assert key is not None
        assert certificate is not None
        der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        self.write(token, "privkey", der, label, identifier)
        self.write(token, "cert", certificate.public_bytes(Encoding.DER), label, identifier)

    def write(self, token: str, kind: str, der: bytes, label: str, identifier: str) -> None:
        file = self.folder / "object.der"
        file.write_bytes(der)
        usage = ["--usage-sign"] if kind == "privkey" else []
        write = ["--write-object", str(file), "--type", kind, "--label", label, "--id", identifier, *usage]
        self._tool(token, *write)
        file.unlink()

    def remove(self, token: str, kind: str, identifier: str) -> None:
        """A `privkey` or a `cert`."""
        self._tool(token, "--delete-object", "--type", kind, "--id", identifier)

    def take_out(self) -> None:
        """No token is there any more."""
        self.tokens.rename(self.folder / "away")
        self.tokens.mkdir()

    def put_back(self) -> None:
        """They are back."""
        self.tokens.rmdir()
        (self.folder / "away").rename(self.tokens)

    def uri(self, token: str, **attributes: str) -> str:
        """`pkcs11:token=TOKEN;object=…?module-path=…`."""
        path = ";".join(f"{name}={quote(value)}" for name, value in {"token": token, **attributes}.items())
        return f"pkcs11:{path}?module-path={self.module}"

    def _tool(self, token: str, *arguments: str) -> None:
        command = [tools.program("pkcs11-tool"), "--module", str(self.module), "--token-label", token]
        self._run([*command, "--login", "--pin", PIN, *arguments])

    def _run(self, command: list[str]) -> None:
        environment = {**os.environ, **self.environment}
        subprocess.run(command, check=True, capture_output=True, env=environment)
