"""A Dask cluster that is there already: it assesses the portions of a batch.

Every portion is a pure task, so one that is lost with its worker is done again elsewhere. Results
are taken in the order of the rows, each once. Only as many portions travel at once as keep the
workers busy, however long the file is.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import dask
from distributed import CancelledError, Client, Future, KilledWorker, Security
from distributed.comm.core import connect

from tickets import Assessment, Fault, InputFaults
from triage.batch import Portion
from triage.cluster_task import SAME_VERSION, PackedDesk, Tickets, assess_portion
from triage.desk import Desk
from triage.installation import differences, installation

CONNECT_SECONDS = 5
PATIENCE = 30.0
"""Seconds to wait for a worker when there is none: a nanny takes some ten to start one again."""
PORTIONS_PER_THREAD = 2
"""One at work, one waiting."""
_LOOK_SECONDS = 1.0
"""How often to see whether workers are left while waiting for a result."""
T = TypeVar("T")
_LARGE_GRAPH = "distributed.admin.large-graph-warning-threshold"


@contextmanager
def join_cluster(address: str, desk: Desk) -> Iterator[ClusterAssessor]:
    """Connect to the scheduler at an address and hand the desk to its workers.

    `InputFaults` when nobody answers there, no worker comes, or another version is installed.
    """
    _silence()
    client = _connected(address)
    try:
        # Dask warns from 10 MB on; a desk has 11, and goes there once.
        with dask.config.set({_LARGE_GRAPH: "1 GiB"}):
            assessor = ClusterAssessor(client, address, uuid.uuid4().hex[:8])
            assessor.hand_over(desk)
            yield assessor
    finally:
        client.close(timeout=CONNECT_SECONDS)  # what is still under way there is given up


def _silence() -> None:
    """Keep Dask's own messages off standard error: what matters of them we say ourselves."""
    for name in ("distributed", "distributed.client", "tornado", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _connected(address: str) -> Any:
    """Return a client, half of whose methods have no types."""
    try:
        asyncio.run(_knock(address))
    except (ValueError, TypeError) as error:  # TypeError: TLS without a certificate
        problem = f"cannot be used: {error}"
        raise _refused(address, problem, "as in tcp://host:8786") from None
    except OSError:
        problem = f"no Dask scheduler answers within {CONNECT_SECONDS} seconds"
        raise _refused(address, problem, "start one with `dask scheduler`") from None
    return cast(Any, Client)(address, timeout=CONNECT_SECONDS, set_as_default=False, name="triage")


async def _knock(address: str) -> None:
    """Connect once: a `Client` that fails at it would try on for a while, and complain later."""
    security, opened = cast(Any, Security), cast(Any, connect)  # without types, both
    arguments = security().get_connection_args("client")
    # A time limit of our own: that of `connect` ends where something else answers.
    async with asyncio.timeout(CONNECT_SECONDS):
        comm = await opened(address, **arguments)
        await comm.close()


def _refused(address: str, problem: str, remedy: str) -> InputFaults:
    return InputFaults(Fault(f"--scheduler {address}", problem, remedy))


@dataclass
class ClusterAssessor:
    """Assesses the portions of one batch on the workers of a cluster."""

    client: Any
    address: str
    batch_id: str
    """Part of the key of each task: keys are shown and logged, so they hold numbers alone."""
    desk: Future[PackedDesk] | None = None
    """Kept by the cluster; should it be lost, the scheduler makes it again."""

    def hand_over(self, desk: Desk) -> None:
        """Give the workers a desk; `InputFaults` where another version is installed."""
        with self._explained("scheduler"):
            self._compare({"scheduler": self.client.run_on_scheduler(installation)})
        with self._explained("worker"):
            # On an adaptive cluster only work calls for workers. A task of ours must wait for the
            # comparison: Dask closes a worker that cannot load what it is sent.
            call = self._submit("call", int)
            self._await_worker()
            self._compare(self.client.run(installation, on_error="return"))
            del call
            self.desk = self._submit("desk", _handed_on, PackedDesk.of(desk))

    def assess(self, portions: Iterable[Portion]) -> Iterator[tuple[Portion, list[Assessment]]]:
        """Yield each portion, in order, with the assessments of its tickets."""
        under_way: deque[tuple[Portion, Future[list[Assessment]]]] = deque()
        for number, portion in enumerate(portions):
            under_way.append((portion, self._begun(number, portion)))
            while len(under_way) >= self._most_under_way():
                yield self._done(*under_way.popleft())
        while under_way:
            yield self._done(*under_way.popleft())

    def _begun(self, number: int, portion: Portion) -> Future[list[Assessment]]:
        with self._explained("worker"):
            return self._submit(str(number), assess_portion, Tickets(portion.tickets), self.desk)

    def _submit(self, name: str, task: Callable[..., T], *arguments: Any) -> Future[T]:
        key = f"triage-{self.batch_id}-{name}"
        future: Future[T] = self.client.submit(task, *arguments, key=key, pure=False)
        return future

    def _most_under_way(self) -> int:
        with self._explained("scheduler"):
            threads: int = sum(self.client.nthreads().values())
        return max(PORTIONS_PER_THREAD * threads, 1)

    def _done(
        self, portion: Portion, future: Future[list[Assessment]]
    ) -> tuple[Portion, list[Assessment]]:
        place = f"rows {portion.rows[0].number}-{portion.rows[-1].number}"
        with self._explained(place):
            while True:
                try:
                    return portion, future.result(timeout=_LOOK_SECONDS)
                except TimeoutError:
                    self._await_worker()

    def _await_worker(self) -> None:
        """Return once there is a worker; `InputFaults` when none comes in time."""
        end = time.monotonic() + PATIENCE
        while not self.client.nthreads():
            if time.monotonic() > end:
                problem = f"has had no workers for {PATIENCE:.0f} seconds"
                raise _refused(self.address, problem, "start some with `dask worker`, then repeat")
            time.sleep(_LOOK_SECONDS)

    def _compare(self, installations: Mapping[str, dict[str, str] | Exception]) -> None:
        """Raise `InputFaults` naming each place where something else is installed than here."""
        faults = []
        for place, found in installations.items():
            if isinstance(found, OSError):
                continue  # gone meanwhile; whoever takes its place compares before it works
            if isinstance(found, Exception):
                faults.append(_not_installed(place, found))
            elif other := differences(found, installation()):
                faults.append(Fault(place, f"has {other}", SAME_VERSION))
        if faults:
            raise InputFaults(*faults)

    @contextmanager
    def _explained(self, place: str) -> Iterator[None]:
        """Turn what Dask raises into `InputFaults` that say what happened."""
        try:
            yield
        except (OSError, CancelledError):
            problem = "the connection to the scheduler was lost"
            raise _refused(self.address, problem, "see that it runs, then repeat") from None
        except KilledWorker:
            problem = "one worker after the other died while assessing them"
            raise InputFaults(Fault(place, problem, "give workers more memory")) from None
        except ImportError as error:
            raise InputFaults(_not_installed(place, error)) from None


def _handed_on(packed: PackedDesk) -> PackedDesk:
    return packed


def _not_installed(place: str, error: Exception) -> Fault:
    return Fault(place, f"cannot run this program: {type(error).__name__}: {error}", SAME_VERSION)
