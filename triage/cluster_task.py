"""What a worker of a cluster does: it unpacks the desk once and assesses one portion at a time.

Dask shows and logs the `repr` of what it moves, and the words of an exception: neither may hold
anything of a ticket.
"""

from __future__ import annotations

import hashlib
import pickle
import threading
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from tickets import Assessment, Fault, InputFaults, Ticket
from triage.desk import Desk
from triage.installation import differences, installation

SAME_VERSION = "install the same version on scheduler and workers"

_unpacking = threading.Lock()


class AssessmentError(RuntimeError):
    """A fault of ours met while assessing; names its kind and place, no text."""


@dataclass(frozen=True)
class PackedDesk:
    """A desk on its way to the workers, with the installation that it needs there."""

    digest: str
    pickled: bytes = field(repr=False, compare=False)
    installation: dict[str, str] = field(repr=False, compare=False)

    @classmethod
    def of(cls, desk: Desk) -> PackedDesk:
        """Pack a desk; a worker is told by its own settings how many tasks it does at once."""
        pickled = pickle.dumps(desk.with_threads(1))
        return cls(hashlib.sha256(pickled).hexdigest()[:12], pickled, installation())


@dataclass(frozen=True)
class Tickets:
    """The tickets of a portion on their way to a worker."""

    tickets: Sequence[Ticket] = field(repr=False)


def assess_portion(portion: Tickets, packed: PackedDesk) -> list[Assessment]:
    """Assess tickets on a worker; `InputFaults` where another installation would do it."""
    try:
        return _unpacked(packed).assess_many(portion.tickets)
    except InputFaults:
        raise
    except Exception as error:  # its words may quote a ticket, and Dask logs them
        failed = _without_words(error)
    raise failed  # outside of the handler: here it has no context that would travel along


def _unpacked(packed: PackedDesk) -> Desk:
    with _unpacking:
        return _unpack(packed)


@lru_cache(maxsize=1)
def _unpack(packed: PackedDesk) -> Desk:
    other = differences(installation(), packed.installation)
    if other:
        raise InputFaults(Fault(_address(), f"has {other}", SAME_VERSION))
    desk: Desk = pickle.loads(packed.pickled)
    return desk


def _address() -> str:
    from distributed import get_worker

    return str(get_worker().address)


def _without_words(error: Exception) -> AssessmentError:
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(last.filename).name}:{last.lineno}"
    return AssessmentError(f"{type(error).__name__} at {place} in {last.name}")
