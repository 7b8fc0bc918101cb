"""Damage to JSON messages as a fuzzer does it: a few bytes lost, doubled or changed, mostly to bytes that mean something."""

from __future__ import annotations

import random

LETTERS = b'{}[]",:.0123456789eE+-\\ \n\t\0nulbaUEx\xff\x80'


def mutate(raw: bytes, rng: random.Random) -> bytes:
    """A damaged copy; now and then it is still the same."""
    data = bytearray(raw)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        place = rng.randrange(len(data) + 1)
        kind = rng.randrange(6)
        if kind == 0 and data:
            del data[min(place, len(data) - 1)]
        elif kind == 1:
            data.insert(place, rng.choice(LETTERS))
        elif kind == 2 and data:
            data[min(place, len(data) - 1)] = rng.choice(LETTERS)
        elif kind == 3 and data:
            end = min(len(data), place + rng.randrange(12))
            data[place:place] = data[place:end]
        elif kind == 4:
            del data[place : place + rng.randrange(12)]
        elif data:
            data[min(place, len(data) - 1)] = rng.randrange(256)
    return bytes(data)
