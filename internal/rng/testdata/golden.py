#!/usr/bin/env python3
"""Writes golden.csv: the streams as specified in rng.go, computed independently of it.

Words are exact; normals and the distribution function are rounded from 50 digits.
Written with Python 3.11.7 and mpmath 1.3.0; run it in this directory.
"""
import hashlib
import struct

import mpmath as m
from mpmath import mp, mpf

mp.dps = 50
MASK = 2**32 - 1


def philox(key, counter):
    """Philox4x32-10 of Salmon et al. (SC 2011)."""
    k, c = list(key), list(counter)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [b >> 32 ^ c[1] ^ k[0], b & MASK, a >> 32 ^ c[3] ^ k[1], a & MASK]
        k = [(k[0] + 0x9E3779B9) & MASK, (k[1] + 0xBB67AE85) & MASK]
    return c


def text(s):
    b = s.encode()
    return struct.pack("<Q", len(b)) + b


class Stream:
    def __init__(self, encoding):
        h = hashlib.sha256(encoding).digest()
        self.id, self.pos = h[:16], 0
        n = struct.unpack("<4I", self.id)
        self.key, self.nonce = n[:2], n[2:]

    def split(self, purpose):
        return Stream(text("machlup/rng/split/1") + self.id + text(purpose))

    def word(self):
        block = self.pos // 2
        r = philox(self.key, (block & MASK, block >> 32) + self.nonce)
        i = 2 * (self.pos % 2)
        self.pos += 1
        return r[i] << 32 | r[i + 1]


def new(seed, replica, purpose, coupling):
    return Stream(text("machlup/rng/new/1") + struct.pack("<Qq", seed, replica) + text(purpose) + text(coupling))


def tail(w):
    """Two-sided tail probability of a word; also its uniform number."""
    return (mpf(w % 2**52) + mpf(1) / 2) / 2**52


def normal(w):
    z = -m.sqrt(2) * m.erfinv(tail(w) - 1)
    return -z if w >> 63 else z


STREAMS = [
    (0, 0, "", "", ""),
    (0, 1, "", "", ""),
    (1, 0, "noise/generator", "", ""),
    (2**63 - 1, 7, "noise", "eta=0.5", ""),
    (2**64 - 1, 2**31, "données", "η=½", ""),
    (42, 3, "innovation", "B=128", "pcn"),
    (42, 3, "innovation", "B=128", "pcn/accept"),
]
POSITIONS = [0, 1, 2, 3, 31, 32, 33, 1000, 2**33 - 1, 2**33, 2**40 + 5]

if __name__ == "__main__":
    rows = ["seed,replica,purpose,coupling,split,position,word,uniform,normal"]
    for seed, replica, purpose, coupling, split in STREAMS:
        s = new(seed, replica, purpose, coupling)
        for part in filter(None, split.split("/")):
            s = s.split(part)
        for s.pos in POSITIONS:
            pos, w = s.pos, s.word()
            name = f'{seed},{replica},{purpose},"{coupling}",{split}'
            rows.append(f"{name},{pos},{w:#018x},{float(tail(w)).hex()},{float(normal(w)).hex()}")
    with open("golden.csv", "w", encoding="utf-8", newline="\n") as file:
        file.write("\n".join(rows) + "\n")

    rows = ["x,cdf"]
    for i in range(-154, 40):
        x = mpf(i) / 4 + mpf(float(mpf(i * i % 89) / 1000))
        x = float(x)
        rows.append(f"{x.hex()},{float(m.erfc(-mpf(x) / m.sqrt(2)) / 2).hex()}")
    with open("cdf.csv", "w", encoding="utf-8", newline="\n") as file:
        file.write("\n".join(rows) + "\n")
