"""The container of bundles and slices: a ZIP with nothing in it that could be otherwise.

Files stand uncompressed in the order of their names, all of one date; the last two are `index.json`, with the SHA-256
of every file, and `index.sha256`, with that of the index. So the same content is always the same bytes, and whoever
reads a container makes it anew from its content and compares: no byte of it can change unnoticed, not even one that no
ZIP program would look at.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

import orjson

INDEX: Final = "index.json"
INDEX_SHA256: Final = "index.sha256"

_DATE: Final = (1980, 1, 1, 0, 0, 0)
_READABLE: Final = 0o644 << 16

_UNREADABLE: Final = (
    zipfile.BadZipFile,
    NotImplementedError,  # a version or a compression that `zipfile` does not know
    RuntimeError,  # encrypted, or so it says
    EOFError,
    OSError,
    ValueError,
    KeyError,
    TypeError,
    OverflowError,
)
"""What reading bytes raises that are no such container."""


class Damaged(Exception):  # noqa: N818  # a verdict on a file, not an error of the program
    """Not the bytes that were written."""

    def __init__(self, ru: str, en: str) -> None:
        super().__init__(en)
        self.ru, self.en = ru, en


def pack(files: Mapping[str, bytes], index: Mapping[str, Any]) -> bytes:
    """The container of these files. `index` says more than their digests."""
    told = {**index, "files": {name: sha256(content).hexdigest() for name, content in files.items()}}
    text = as_json(told)
    digest = f"{sha256(text).hexdigest()}  {INDEX}\n".encode()
    return _zipped({**dict(sorted(files.items())), INDEX: text, INDEX_SHA256: digest})


def unpack(octets: bytes) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Files and index of a container, each byte of which is as it was written. Raises Damaged."""
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as archive:
            files = {entry.filename: archive.read(_stored(entry)) for entry in archive.infolist()}
    except _UNREADABLE as error:
        raise Damaged(
            f"контейнер ZIP повреждён: {error}", f"the ZIP container is damaged: {error}"
        ) from error
    text, digest = files.pop(INDEX, None), files.pop(INDEX_SHA256, None)
    if text is None or digest is None:
        raise Damaged(
            f"в контейнере нет {INDEX} или {INDEX_SHA256}", f"there is no {INDEX} or {INDEX_SHA256} inside"
        )
    if digest != f"{sha256(text).hexdigest()}  {INDEX}\n".encode():
        raise Damaged(
            f"{INDEX} изменён: его SHA-256 не тот, что в {INDEX_SHA256}",
            f"{INDEX} was changed: its SHA-256 is not the one in {INDEX_SHA256}",
        )
    index: dict[str, Any] = orjson.loads(text)
    listed = index.pop("files", {})
    for name in sorted(files.keys() | listed.keys()):
        if name not in files:
            raise Damaged(f"нет файла {name}", f"{name} is missing")
        if sha256(files[name]).hexdigest() != listed.get(name):
            raise Damaged(
                f"файл {name} изменён: его SHA-256 не тот, что в {INDEX}",
                f"{name} was changed: its SHA-256 is not the one in {INDEX}",
            )
    if pack(files, index) != octets:
        raise Damaged(
            "служебные поля ZIP изменены, содержание файлов — нет",
            "the ZIP's own fields were changed; what the files say was not",
        )
    return files, index


def _stored(entry: zipfile.ZipInfo) -> zipfile.ZipInfo:
    if entry.compress_type != zipfile.ZIP_STORED:
        raise zipfile.BadZipFile(f"{entry.filename} is compressed")
    return entry


def as_json(value: object) -> bytes:
    """For people and programs, in one form; octets as hexadecimal, money as text."""
    options = orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(value, default=_plain, option=options)


def _plain(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _zipped(files: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _DATE)
            entry.create_system = 3
            entry.external_attr = _READABLE
            archive.writestr(entry, content)
    return made.getvalue()
