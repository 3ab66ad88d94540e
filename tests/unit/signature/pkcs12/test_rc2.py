"""RC2 against RFC 2268, section 5, where the key is as strong as it is long."""

from __future__ import annotations

import pytest

from esutd_bus.signature.pkcs12.rc2 import decrypt_cbc


@pytest.mark.parametrize(
    ("key", "plain", "encrypted"),
    [
        ("ffffffffffffffff", "ffffffffffffffff", "278b27e42e2f0d49"),
        ("3000000000000000", "1000000000000001", "30649edf9be7d2c2"),
        ("88bca90e90875a7f0f79c384627bafb2", "0000000000000000", "2269552ab0f85ca6"),
    ],
)
def test_the_vectors(key: str, plain: str, encrypted: str) -> None:
    block = bytes.fromhex(encrypted)
    assert decrypt_cbc(bytes.fromhex(key), bytes(8), block).hex() == plain
    chained = bytes(one ^ other for one, other in zip(bytes.fromhex(plain), block, strict=True))
    assert decrypt_cbc(bytes.fromhex(key), bytes(8), block + block)[8:] == chained


def test_half_a_block() -> None:
    with pytest.raises(ValueError, match="whole number of blocks"):
        decrypt_cbc(b"12345", bytes(8), bytes(12))
