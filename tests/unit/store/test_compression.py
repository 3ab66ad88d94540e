"""What the journal keeps of octets: frames that give back exactly what was recorded, or say that they cannot."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from importlib.resources import files

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from esutd_bus.store.compression import MAX_OCTETS, Unreadable, compress, expand

MESSAGE = b"<soap:Envelope>" + bytes(range(256)) + b"</soap:Envelope>"


@given(st.binary())
def test_what_was_recorded_comes_back(octets: bytes) -> None:
    assert expand(compress(octets)) == octets


@given(st.binary())
def test_a_message_that_looks_like_a_frame_comes_back_too(octets: bytes) -> None:
    hostile = zstandard.FRAME_HEADER + octets
    assert expand(compress(hostile)) == hostile


def test_what_was_recorded_before_there_were_frames_is_as_it_was() -> None:
    assert expand(b"<soap:Envelope/>") == b"<soap:Envelope/>"
    assert expand(memoryview(b"")) == b""


@given(st.data())
def test_a_spoilt_frame_gives_back_other_octets_at_most(data: st.DataObject) -> None:
    kept = bytearray(compress(MESSAGE))
    place = data.draw(st.integers(len(zstandard.FRAME_HEADER), len(kept) - 1))
    kept[place] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(Unreadable):
        expand(bytes(kept))


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        (compress(MESSAGE) + b"\0", "unused data"),
        (compress(MESSAGE)[:-1], "full frame"),
        (zstandard.FRAME_HEADER, "frame"),
        (zstandard.ZstdCompressor().compress(MESSAGE), "dictionary 0"),
        (zstandard.FRAME_HEADER + b"\xe0" + b"\xff" * 8 + MESSAGE, "claims"),
    ],
    ids=["more", "cut", "nothing", "another dictionary", "a bomb"],
)
def test_a_frame_that_is_none_is_called_so(kept: bytes, told: str) -> None:
    with pytest.raises(Unreadable, match=told):
        expand(kept)


def test_a_message_costs_a_fraction_of_its_octets() -> None:
    """The dictionary is used: without it, so short a text would not become shorter by half."""
    text = (
        b'<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
        b'<RegisterContract xmlns="urn:esutd-bus:contracts:v1" xmlns:c="urn:esutd-bus:common:v1"><requestHeader>'
    )
    assert len(compress(text)) < len(zstandard.compress(text)) / 2


def test_a_dictionary_is_called_by_its_number() -> None:
    for file in (files("esutd_bus.store") / "data").iterdir():
        number = zstandard.ZstdCompressionDict(file.read_bytes()).dict_id()
        assert file.name == f"journal-{number}.zdict"
    assert MAX_OCTETS > 100_000


THREADS = """
import threading
from esutd_bus.store.compression import compress, expand

MESSAGES = [b"<soap:Envelope>%d</soap:Envelope>" % n * 50 for n in range(50)]

def work(times):
    for message in MESSAGES * times:
        assert expand(compress(message)) == message

threads = [threading.Thread(target=work, args=(40,)) for _ in range(3)]
threads += [threading.Thread(target=work, args=(1,)) for _ in range(60)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("done")
"""


def test_threads_come_and_go_and_none_spoils_anothers_frames() -> None:
    """In a process of its own: what they could share would be freed under another's hands."""
    ended = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "done\n"), ended.stderr[-2000:]
