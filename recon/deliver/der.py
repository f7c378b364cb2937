"""DER (X.690), as far as time stamps are written in it: an element, its parts, object identifiers. Nothing is read leniently."""

from __future__ import annotations

from dataclasses import dataclass

INTEGER, OCTETS, OID, SEQUENCE, SET, GENERALIZED_TIME = 0x02, 0x04, 0x06, 0x30, 0x31, 0x18


class DerError(ValueError):
    """Bytes that are not DER, or not what is expected at their place."""


@dataclass(frozen=True)
class Element:
    """One element: its tag (one byte), its content, and all of its bytes."""

    tag: int
    body: bytes
    whole: bytes

    def parts(self) -> list[Element]:
        """The elements inside."""
        found, place = [], 0
        while place < len(self.body):
            one = first(self.body[place:])
            found.append(one)
            place += len(one.whole)
        return found

    def being(self, tag: int) -> Element:
        """Itself. Raises DerError when its tag is another."""
        if self.tag != tag:
            raise DerError(f"tag {self.tag:#x} stands where {tag:#x} is expected")
        return self

    def oid(self) -> str:
        """An object identifier with points."""
        numbers, value = [], 0
        for byte in self.being(OID).body:
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                numbers.append(value)
                value = 0
        if not numbers:
            raise DerError("an empty object identifier")
        head = min(numbers[0] // 40, 2)
        return ".".join(map(str, [head, numbers[0] - 40 * head, *numbers[1:]]))


def first(data: bytes) -> Element:
    """The element that the bytes begin with. Raises DerError."""
    if len(data) < 2 or data[0] & 0x1F == 0x1F:
        raise DerError("no element")
    size, head = data[1], 2
    if size & 0x80:
        head += size & 0x7F
        size = int.from_bytes(data[2:head], "big")
        if head == 2 or len(data) < head or size < 0x80:
            raise DerError("a length that is not DER")
    if len(data) < head + size:
        raise DerError("an element is cut off")
    return Element(data[0], data[head : head + size], data[: head + size])


def only(data: bytes) -> Element:
    """The one element that the bytes are. Raises DerError when something follows it."""
    one = first(data)
    if len(one.whole) != len(data):
        raise DerError("something follows the element")
    return one
