"""Random numbers without state: each is a function of the seed, a purpose and the keys of what it is about.

A person's draw for a month is the same whoever else is simulated, in whatever order, on whatever machine, and however
far the simulation goes on. Counter-based as Philox is, with the cheaper finaliser of SplitMix64 (Steele 2014) chained
over the keys: 15 ns a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_A, _B = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A bijection of 64-bit numbers that leaves no visible pattern (SplitMix64's finaliser)."""
    with np.errstate(over="ignore"):
        x = (x ^ (x >> np.uint64(30))) * _A
        x = (x ^ (x >> np.uint64(27))) * _B
        return x ^ (x >> np.uint64(31))


def text_key(text: str) -> np.uint64:
    """A text as a key to draw by."""
    return np.uint64(int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big"))


@cache
def _purpose(seed: int, purpose: str) -> np.uint64:
    return text_key(f"{seed}|{purpose}")


@dataclass(frozen=True)
class Draws:
    """Random numbers of one seed. Every method takes the purpose and one or more integer keys, broadcast together."""

    seed: int

    def bits(self, purpose: str, *keys: Any) -> NDArray[np.uint64]:
        """64 random bits for each combination of keys."""
        state: Any = _purpose(self.seed, purpose)
        with np.errstate(over="ignore"):
            for key in keys:
                state = mix((np.asarray(key).astype(np.uint64) + _GOLDEN) * _GOLDEN ^ state)
        return state

    def uniform(self, purpose: str, *keys: Any) -> Floats:
        """Numbers in the open interval (0, 1)."""
        return ((self.bits(purpose, *keys) >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53

    def normal(self, purpose: str, *keys: Any) -> Floats:
        """Standard normal numbers."""
        return ndtri(self.uniform(purpose, *keys))

    def exponential(self, purpose: str, *keys: Any) -> Floats:
        """Exponential numbers of mean 1."""
        return -np.log(self.uniform(purpose, *keys))

    def happens(self, share: Any, purpose: str, *keys: Any) -> NDArray[np.bool_]:
        """True with the given probability."""
        return self.uniform(purpose, *keys) < share

    def whole(self, below: Any, purpose: str, *keys: Any) -> Ints:
        """Whole numbers from 0 to ``below`` - 1."""
        return (self.uniform(purpose, *keys) * below).astype(np.int64)

    def poisson(self, mean: Floats, purpose: str, *keys: Any) -> Ints:
        """Poisson numbers by inversion; for means up to 100 or so."""
        u = self.uniform(purpose, *keys)
        term = np.exp(-mean)
        below = term.copy()
        count = np.zeros(u.shape, np.int64)
        open_ = np.flatnonzero(u >= below)
        step = 0
        while len(open_) and step < 1000:  # rounding could keep one open for ever
            step += 1
            count[open_] = step
            term[open_] *= mean[open_] / step
            below[open_] += term[open_]
            open_ = open_[u[open_] >= below[open_]]
        return count


def numbers(seed: int, purpose: str, keys: Ints) -> NDArray[np.uint64]:
    """Numbers that look random and are unique by construction: a bijection of the keys, salted by seed and purpose."""
    return mix(keys.astype(np.uint64) ^ _purpose(seed, purpose))


def short_numbers(seed: int, purpose: str, keys: Ints, bits: int) -> NDArray[np.uint64]:
    """The same for keys below 2**bits, which the numbers stay below too: each step is a bijection of them."""
    mask, shift = np.uint64((1 << bits) - 1), np.uint64(bits // 2)
    x = (keys.astype(np.uint64) ^ _purpose(seed, purpose)) & mask
    with np.errstate(over="ignore"):
        for odd in (_A, _B, _GOLDEN):
            x = ((x ^ (x >> shift)) * odd) & mask
    return x ^ (x >> shift)


@dataclass(frozen=True)
class Choice:
    """Weighted choice by group: ``weights[group, item]``, each group's weights summing to more than 0."""

    cumulative: Floats
    items: int

    @staticmethod
    def of(weights: Any) -> Choice:
        """From a table of weights, one row a group (or one row for all)."""
        table = np.atleast_2d(np.asarray(weights, np.float64))
        shares = np.cumsum(table / table.sum(axis=1, keepdims=True), axis=1)
        shares[:, -1] = 1.0
        groups = np.arange(len(table), dtype=np.float64)
        return Choice((shares + groups[:, None]).ravel(), table.shape[1])

    def pick(self, u: Floats, group: Any = 0) -> Ints:
        """The item that each uniform number falls on, in its group."""
        found = np.searchsorted(self.cumulative, u + group, side="right")
        return np.minimum(found - np.asarray(group) * self.items, self.items - 1)


def repeated(count: Ints) -> tuple[Ints, Ints]:
    """Each position as often as ``count`` says, and each one's number (from 0) among those of its position."""
    of = np.repeat(np.arange(len(count)), count)
    return of, np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)


def ranks(*keys: Any) -> Ints:
    """Each row's rank (from 0) within its group: all keys but the last make the group, the last orders it."""
    order = np.lexsort(keys[::-1])
    group = [np.asarray(k)[order] for k in keys[:-1]]
    first = np.ones(len(order), bool)
    if len(order):
        first[1:] = np.any([g[1:] != g[:-1] for g in group], axis=0)
    start = np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    out = np.empty(len(order), np.int64)
    out[order] = np.arange(len(order)) - start
    return out
