"""Figures that are kept for a while, so that looking at them never becomes the main work."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

TIMES_AS_LONG = 20
"""For which a value is kept, by the time that it took: a twentieth of the time goes into it."""


class Kept(Generic[T]):
    """A value that is made when it is asked for; what is quickly made is always new."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._value: T | None = None
        self._until = 0.0

    def get(self, make: Callable[[], T]) -> T:
        """Return the value, made anew unless that was lately; others wait meanwhile."""
        with self._lock:
            begun = self._clock()
            if self._value is None or begun >= self._until:
                self._value = make()
                ended = self._clock()
                self._until = ended + TIMES_AS_LONG * (ended - begun)
            return self._value
