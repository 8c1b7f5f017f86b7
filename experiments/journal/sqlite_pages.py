"""Read the records of a damaged SQLite file page by page, without its indexes (https://www.sqlite.org/fileformat2.html).

SQLite stops at the first unreadable page, and reaches no row below a damaged interior page. The door is `read_records`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

Value = str | bytes | int | float | None
Record = tuple[Value, ...]

# page types that hold records: tables without row ids are index trees, whose interior pages hold records, too
_TABLE_LEAF, _INDEX_LEAF, _INDEX_INTERIOR = 0x0D, 0x0A, 0x02
# size in bytes of an integer by its serial type
_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_MAGIC = b"SQLite format 3\x00"
_PAGE = 4096  # SQLite's default page size, used if the header is damaged


class _Damaged(ValueError):
    """Raised for a record that cannot be read; the others on its page still can."""


def read_records(data: bytes) -> Iterator[Record]:
    """Yield every readable record of a database as its values, in stored order.

    Args:
        data: contents of the file, with the write-ahead log already merged into it.
    """
    file = _Pages(data)
    for number in range(1, file.count + 1):
        if number not in file.free:
            yield from file.records(number)


class _Pages:
    """The pages of a database file, numbered from 1 as in SQLite."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        found = int.from_bytes(data[16:18], "big") if data.startswith(_MAGIC) else _PAGE
        # the field has 16 bits, so 1 stands for 65,536; anything but a power of two is damage
        self.size = 65536 if found == 1 else found if found >= 512 and found & (found - 1) == 0 else _PAGE
        self.count = -(-len(data) // self.size)
        self.free = set(self._free())

    def page(self, number: int) -> bytes:
        return self.data[(number - 1) * self.size : number * self.size]

    def _free(self) -> Iterator[int]:
        """Yield the numbers of unused pages, whose contents are out of date."""
        # a list of trunk pages, each with the number of the next and of its leaves; damage may make it a loop
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
        # page 1 begins with the 100 bytes of the file header
        start = 100 if number == 1 else 0
        kind = page[start] if len(page) > start + 12 else 0
        if kind not in (_TABLE_LEAF, _INDEX_LEAF, _INDEX_INTERIOR):
            return
        cells = int.from_bytes(page[start + 3 : start + 5], "big")
        # the page header is 12 bytes on interior pages, 8 on leaves; then 2 bytes of offset per record
        first = start + (12 if kind == _INDEX_INTERIOR else 8)
        for place in range(first, min(first + 2 * cells, len(page) - 1), 2):
            try:
                yield self._record(page, int.from_bytes(page[place : place + 2], "big"), kind)
            except (_Damaged, IndexError, struct.error, UnicodeDecodeError):
                continue

    def _record(self, page: bytes, at: int, kind: int) -> Record:
        if kind == _INDEX_INTERIOR:
            # the number of the left child page
            at += 4
        size, at = _varint(page, at)
        if kind == _TABLE_LEAF:
            # the row id
            _, at = _varint(page, at)
        return _values(self._payload(page, at, size, kind))

    def _payload(self, page: bytes, at: int, size: int, kind: int) -> bytes:
        """Return the bytes of a record, joined with its overflow pages."""
        if size > len(self.data):
            raise _Damaged
        # the limits of the file format for the part that stays on the page, without reserved bytes
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
    # a record is a header with its own length and the serial type of each value, then the values
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
    # serial types 8 and 9 are the integers 0 and 1, without a byte
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
    # from 12 on, even types are blobs and odd ones text; the length is in the type
    return (raw.decode("utf-8") if kind % 2 else raw), at + size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(8):
        byte = data[at + place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + place + 1
    # the ninth byte has all 8 bits
    return value << 8 | data[at + 8], at + 9
