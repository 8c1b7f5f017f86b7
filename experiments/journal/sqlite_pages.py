"""Read the records of a damaged SQLite file page by page, without its indexes (https://www.sqlite.org/fileformat2.html).

SQLite itself gives up at the first page that it cannot read, and every row behind a damaged index page is lost to it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

Value = str | bytes | int | float | None
Record = tuple[Value, ...]

_TABLE_LEAF, _INDEX_LEAF, _INDEX_INTERIOR = 0x0D, 0x0A, 0x02
_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_MAGIC = b"SQLite format 3\x00"
_PAGE = 4096


class _Damaged(ValueError):
    """A record that cannot be read."""


def read_records(data: bytes) -> Iterator[Record]:
    """Yield the records on the pages of a database that can be read, each as its values in the order in which they are stored.

    Args:
        data: the file. Its write-ahead log must have been written into it.
    """
    file = _Pages(data)
    for number in range(1, file.count + 1):
        if number not in file.free:
            yield from file.records(number)


class _Pages:
    """The pages of a file, numbered from 1."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        found = int.from_bytes(data[16:18], "big") if data.startswith(_MAGIC) else _PAGE
        self.size = 65536 if found == 1 else found if found >= 512 and found & (found - 1) == 0 else _PAGE
        self.count = -(-len(data) // self.size)
        self.free = set(self._free())

    def page(self, number: int) -> bytes:
        return self.data[(number - 1) * self.size : number * self.size]

    def _free(self) -> Iterator[int]:
        """Yield the pages that hold nothing any more: what stands there is out of date."""
        trunk, seen = int.from_bytes(self.data[32:36], "big"), set[int]()
        while 0 < trunk <= self.count and trunk not in seen:
            seen.add(trunk)
            yield trunk
            page = self.page(trunk).ljust(self.size, b"\0")
            leaves = min(int.from_bytes(page[4:8], "big"), self.size // 4 - 2)
            yield from struct.unpack(f">{leaves}I", page[8 : 8 + 4 * leaves])
            trunk = int.from_bytes(page[:4], "big")

    def records(self, number: int) -> Iterator[Record]:
        page = self.page(number)
        start = 100 if number == 1 else 0
        kind = page[start] if len(page) > start + 12 else 0
        if kind not in (_TABLE_LEAF, _INDEX_LEAF, _INDEX_INTERIOR):
            return
        cells = int.from_bytes(page[start + 3 : start + 5], "big")
        first = start + (12 if kind == _INDEX_INTERIOR else 8)
        for place in range(first, min(first + 2 * cells, len(page) - 1), 2):
            try:
                yield self._record(page, int.from_bytes(page[place : place + 2], "big"), kind)
            except (_Damaged, IndexError, struct.error, UnicodeDecodeError):
                continue

    def _record(self, page: bytes, at: int, kind: int) -> Record:
        if kind == _INDEX_INTERIOR:
            at += 4
        size, at = _varint(page, at)
        if kind == _TABLE_LEAF:
            _, at = _varint(page, at)
        return _values(self._payload(page, at, size, kind))

    def _payload(self, page: bytes, at: int, size: int, kind: int) -> bytes:
        """Return a record's bytes: what does not fit on the page is on a chain of others."""
        if size > len(self.data):
            raise _Damaged
        most = self.size - 35 if kind == _TABLE_LEAF else (self.size - 12) * 64 // 255 - 23
        least = (self.size - 12) * 32 // 255 - 23
        here = size
        if size > most:
            here = least + (size - least) % (self.size - 4)
            here = here if here <= most else least
        parts, left = [page[at : at + here]], size - here
        following = int.from_bytes(page[at + here : at + here + 4], "big") if left else 0
        while left > 0:
            if not 0 < following <= self.count:
                raise _Damaged
            more = self.page(following)
            parts.append(more[4 : 4 + left])
            if len(parts[-1]) != min(left, self.size - 4):
                raise _Damaged
            left -= len(parts[-1])
            following = int.from_bytes(more[:4], "big")
        return b"".join(parts)


def _values(payload: bytes) -> Record:
    end, at = _varint(payload, 0)
    if end > len(payload):
        raise _Damaged
    kinds = []
    while at < end:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    values = []
    for kind in kinds:
        value, at = _value(payload, at, kind)
        values.append(value)
    if at != len(payload):
        raise _Damaged
    return tuple(values)


def _value(payload: bytes, at: int, kind: int) -> tuple[Value, int]:
    if kind == 0:
        return None, at
    if kind in (8, 9):
        return kind - 8, at
    size = _INTEGERS.get(kind) or (8 if kind == 7 else (kind - 12) // 2 if kind >= 12 else -1)
    if size < 0 or at + size > len(payload):
        raise _Damaged
    raw = payload[at : at + size]
    if kind == 7:
        return struct.unpack(">d", raw)[0], at + 8
    if kind < 12:
        return int.from_bytes(raw, "big", signed=True), at + size
    return (raw.decode("utf-8") if kind % 2 else raw), at + size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(8):
        byte = data[at + place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + place + 1
    return value << 8 | data[at + 8], at + 9
