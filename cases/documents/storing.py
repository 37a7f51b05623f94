"""Where the files of documents lie: Django's storage "documents", under names that say nothing.

A file is there, and settled on its disk, before the row that tells of it; whatever ends in between leaves a file
without a row, which a sweep removes a day later. There is never a row without its file.
"""

from __future__ import annotations

import datetime
import hashlib
import os
import uuid
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO, NamedTuple

from django.core.files.base import File
from django.core.files.storage import Storage, storages

LEFT_FOR = datetime.timedelta(days=1)
"""How long a file may be without a row: longer than any request takes."""


class Stored(NamedTuple):
    """A file at its place: the name there, bytes, SHA-256."""

    name: str
    size: int
    digest: str


def storage() -> Storage:
    """The storage of documents."""
    return storages["documents"]


def store(file: File) -> Stored:
    """Put a file at its place. Raises OSError where there is no room or no place; then nothing is left of it."""
    digest, size = hashlib.sha256(), 0
    for block in file.chunks():
        digest.update(block)
        size += len(block)
    file.seek(0)
    name = uuid.uuid4().hex
    name = f"{name[:2]}/{name[2:]}"
    try:
        storage().save(name, file)
        _settle(name)
    except OSError:
        remove(name)
        raise
    return Stored(name, size, digest.hexdigest())


def digest_of(file: File) -> str:
    """The digest that store() would find, without a place taken for the file."""
    digest = hashlib.sha256()
    for block in file.chunks():
        digest.update(block)
    file.seek(0)
    return digest.hexdigest()


def open_stored(name: str) -> BinaryIO:
    """The file for reading. Raises OSError where it cannot be read."""
    return storage().open(name, "rb")  # type: ignore[return-value]


def remove(name: str) -> None:
    """Take a file away; one that is not there is no error."""
    with suppress(OSError):
        storage().delete(name)


def left_alone(now: datetime.datetime) -> Iterator[str]:
    """The names of the files that have lain there for a day."""
    folders, _ = storage().listdir("")
    for folder in folders:
        for file in storage().listdir(folder)[1]:
            name = f"{folder}/{file}"
            with suppress(OSError):  # another sweep took it
                if now - storage().get_modified_time(name) > LEFT_FOR:
                    yield name


def _settle(name: str) -> None:
    """Wait until the disk has the file and its entry in the folder; a storage elsewhere does that itself."""
    try:
        path = storage().path(name)
    except NotImplementedError:
        return
    for place in (path, os.path.dirname(path)):
        handle = os.open(place, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
