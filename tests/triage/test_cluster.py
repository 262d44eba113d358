"""`triage batch --scheduler`: a real Dask cluster of separate processes, on which things go wrong."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from classifier import LabelledTicket, Reader
from tickets import Assessment, InputFaults, Ticket
from triage import Desk, batch
from triage.batch import LocalAssessor, Portion, RowForm, assess_rows
from triage.batch_files import batch_to_file
from triage.row_files import Row

pytest.importorskip("distributed", reason="Dask is not installed")
from triage import cluster
from triage.cluster import join_cluster
from triage.cluster_task import AssessmentError
from triage.installation import WALK

Run = Callable[..., "subprocess.CompletedProcess[str]"]
ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60


@dataclass
class LocalCluster:
    """A scheduler and workers, each a process of its own; workers have no models of their own."""

    folder: Path
    address: str = ""
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_scheduler(self) -> None:
        told = self.folder / "scheduler.json"
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", told)
        wait_for(told.exists)
        self.address = json.loads(told.read_text())["address"]

    def start_worker(self, packages: Path = ROOT) -> subprocess.Popen[bytes]:
        options = ("--nthreads", "1", "--no-nanny", "--no-dashboard")
        worker = self._start("worker", self.address, *options, packages=packages)
        self.workers.append(worker)
        registered = re.compile(rb"Registered to")
        log = self.folder / f"worker-{len(self.processes) - 1}.log"
        wait_for(lambda: registered.search(log.read_bytes()) is not None)
        return worker

    def _start(
        self, kind: str, *arguments: object, packages: Path = ROOT
    ) -> subprocess.Popen[bytes]:
        log = self.folder / f"{kind}-{len(self.processes)}.log"
        empty = self.folder / "no-home"
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{kind}", *map(str, arguments)],
                stdout=stream,
                stderr=stream,
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": str(packages), "TRIAGE_HOME": str(empty)},
            )
        self.processes.append(process)
        return process

    def logs(self) -> str:
        return "".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + START_SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not start"
        time.sleep(0.1)


@contextmanager
def started(folder: Path, workers: int) -> Iterator[LocalCluster]:
    made = LocalCluster(folder)
    try:
        made.start_scheduler()
        for _ in range(workers):
            made.start_worker()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """A cluster that the tests share; who breaks it makes one of their own."""
    with started(tmp_path_factory.mktemp("cluster"), workers=2) as made:
        yield made


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)


@pytest.fixture
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "CHUNK", 20)


@pytest.fixture(autouse=True)
def use_small_model(small_home: Path, monkeypatch: pytest.MonkeyPatch, in_folder: Path) -> None:
    monkeypatch.setenv("TRIAGE_HOME", str(small_home))


@pytest.fixture
def export(corpus: list[LabelledTicket]) -> str:
    """A file of 150 rows, of which two are no tickets, with a column that travels along."""
    rows = [as_row(labelled.ticket) | {"owner": "Kim"} for labelled in corpus[:148]]
    rows[70:70] = [{"id": "empty"}, {"id": "odd", "body": "chat is down", "tier": "gold"}]
    Path("export.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return "export.jsonl"


def as_row(ticket: Ticket) -> dict[str, str]:
    received = ticket.received_at.isoformat() if ticket.received_at else ""
    return {
        "id": ticket.id,
        "subject": ticket.subject,
        "body": ticket.body,
        "tier": "premium",
        "received_at": received or "2026-07-10T09:00:00Z",
    }


@pytest.mark.parametrize(("ending", "reader"), [("csv", Reader.FULL), ("jsonl", Reader.LIGHT)])
def test_a_cluster_writes_the_same_bytes(
    two_workers: LocalCluster, small_portions: None, export: str, ending: str, reader: Reader
) -> None:
    here = batch_to_file(export, f"here.{ending}", RowForm(), reader)
    there = batch_to_file(export, f"there.{ending}", RowForm(), reader, two_workers.address)
    assert (here.done, here.failed) == (there.done, there.failed) == (148, 2)
    assert Path(f"there.{ending}").read_bytes() == Path(f"here.{ending}").read_bytes()


def test_the_command_reports_what_it_reports_without_a_cluster(
    two_workers: LocalCluster, triage: Run, export: str
) -> None:
    arguments = ("batch", export, "--reader", "light", "--json")
    here, there = triage(*arguments), triage(*arguments, "--scheduler", two_workers.address)
    assert there.returncode == here.returncode == 3
    assert there.stdout == here.stdout
    assert there.stderr == here.stderr


def test_only_a_few_portions_travel_at_once(
    two_workers: LocalCluster, small_portions: None, desk: Desk
) -> None:
    taken = 0

    def rows() -> Iterator[Row]:
        nonlocal taken
        for taken in range(1, 401):
            yield Row(taken, {"body": "chat is down"})

    with join_cluster(two_workers.address, desk) as assessor:
        results = assess_rows(rows(), desk, RowForm(), assessor)
        next(results)
        assert taken == 2 * cluster.PORTIONS_PER_THREAD * batch.CHUNK
        assert len(list(results)) == 399


def test_long_rows_travel_in_smaller_portions(desk: Desk) -> None:
    lengths = []

    class Noting(LocalAssessor):
        def assess(self, portions: Iterable[Portion]) -> Iterator[tuple[Portion, list[Assessment]]]:
            for portion in portions:
                lengths.append(len(portion.rows))
                yield from super().assess([portion])

    rows = [Row(number, {"body": "x" * 3_000_000, "tier": "gold"}) for number in range(1, 6)]
    assert len(list(assess_rows(rows, desk, RowForm(), Noting(desk)))) == 5
    assert lengths == [2, 2, 1]


def test_the_work_of_a_worker_that_is_killed_is_done_by_another(
    tmp_path: Path, small_portions: None, desk: Desk
) -> None:
    rows = [Row(number, {"body": f"chat is down for {number} agents"}) for number in range(1, 301)]
    expected = list(assess_rows(rows, desk, RowForm()))
    with started(tmp_path, workers=2) as made, join_cluster(made.address, desk) as assessor:
        results = assess_rows(rows, desk, RowForm(), assessor)
        found = [next(results)]
        made.workers[0].send_signal(signal.SIGKILL)
        found += results
    assert found == expected


def test_without_workers_left_the_batch_ends_and_writes_nothing(
    tmp_path: Path, many_rows: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 1.0)
    with started(tmp_path, workers=1) as made:
        killing = threading.Thread(target=once_writing, args=(made.workers[0].kill,))
        killing.start()
        with pytest.raises(InputFaults, match="has had no workers for 1 seconds"):
            batch_to_file(many_rows, "out.csv", RowForm(), Reader.LIGHT, made.address)
        killing.join()
    assert list(Path().glob("*out.csv*")) == []


def test_rows_that_no_worker_survives_are_named(
    tmp_path: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES", "0")
    short = [Row(number, {"body": "chat is down"}) for number in range(1, batch.CHUNK + 1)]
    long = [Row(number, {"body": "chat is down. " * 2_000}) for number in range(501, 601)]
    with started(tmp_path, workers=1) as made, join_cluster(made.address, desk) as assessor:
        results = assess_rows([*short, *long], desk, RowForm(), assessor)
        next(results)  # the worker is at the long ones, and will be for a while
        made.workers[0].kill()
        with pytest.raises(InputFaults, match=r"^rows \d+-\d+: one worker after the other died"):
            list(results)


def test_without_its_scheduler_the_batch_ends_and_writes_nothing(
    tmp_path: Path, many_rows: str
) -> None:
    with started(tmp_path, workers=1) as made:
        killing = threading.Thread(target=once_writing, args=(made.processes[0].kill,))
        killing.start()
        with pytest.raises(InputFaults, match="the connection to the scheduler was lost"):
            batch_to_file(many_rows, "out.csv", RowForm(), Reader.LIGHT, made.address)
        killing.join()
    assert list(Path().glob("*out.csv*")) == []


def test_ctrl_c_ends_with_130_and_writes_nothing(two_workers: LocalCluster, many_rows: str) -> None:
    command = [str(Path(sys.executable).with_name("triage")), "batch", many_rows, "-o", "out.csv"]
    options = ["--reader", "light", "--scheduler", two_workers.address]
    running = subprocess.Popen([*command, *options], stderr=subprocess.PIPE)
    once_writing(lambda: running.send_signal(signal.SIGINT))
    _, messages = running.communicate(timeout=START_SECONDS)
    assert (running.returncode, messages) == (130, b"")
    assert list(Path().glob("*out.csv*")) == []


@pytest.fixture
def many_rows() -> str:
    """A file that takes some seconds."""
    rows = [{"body": f"Nobody can call us since {number} minutes. " * 20} for number in range(5000)]
    Path("many.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return "many.jsonl"


def once_writing(act: Callable[[], object]) -> None:
    wait_for(lambda: any(Path().glob(".out.csv.*")))
    act()


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("tcp://127.0.0.1:1", "no Dask scheduler answers within 1 seconds"),
        ("tcp://no-such-host.invalid:8786", "no Dask scheduler answers within 1 seconds"),
        ("127.0.0.1", "cannot be used: missing port number"),
        ("http://127.0.0.1:8786", "cannot be used: unknown address scheme 'http'"),
    ],
)
def test_an_address_without_a_scheduler_is_refused(
    export: str, address: str, problem: str, hurried: None
) -> None:
    with pytest.raises(InputFaults, match=re.escape(f"--scheduler {address}: {problem}")):
        batch_to_file(export, "out.csv", RowForm(), Reader.LIGHT, address)


def test_something_else_that_listens_there_is_refused(desk: Desk, hurried: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(InputFaults, match="no Dask scheduler"), join_cluster(address, desk):
            pytest.fail("it was taken for one")


def test_without_dask_the_command_says_how_to_get_it(export: str) -> None:
    code = (
        "import sys; sys.modules['distributed'] = None; from triage.cli import main\n"
        f"sys.argv = ['triage', 'batch', '{export}', '--scheduler', 'tcp://127.0.0.1:8786']\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "triage: --scheduler: Dask is not installed (pip install" in done.stderr


def test_an_installation_elsewhere_on_disk_serves_if_it_is_the_same(
    tmp_path: Path, desk: Desk
) -> None:
    rows = [Row(1, {"body": "Nobody can take calls since 9am, all 200 agents affected"})]
    with started(tmp_path, workers=0) as made:
        made.start_worker(copy_of_packages(tmp_path))
        with join_cluster(made.address, desk) as assessor:
            found = list(assess_rows(rows, desk, RowForm(), assessor))
    assert found == list(assess_rows(rows, desk, RowForm()))


def test_a_worker_with_another_version_is_named_at_once_or_when_it_comes_later(
    tmp_path: Path, small_portions: None, desk: Desk
) -> None:
    packages = copy_of_packages(tmp_path)
    with (packages / "rules" / "priority.yaml").open("a") as stream:
        stream.write("# another\n")
    rows = [Row(number, {"body": f"chat is down for {number}"}) for number in range(1, 201)]
    with started(tmp_path, workers=1) as made:
        with join_cluster(made.address, desk) as assessor:
            results = assess_rows(rows, desk, RowForm(), assessor)
            next(results)
            made.start_worker(packages)
            made.workers[0].kill()
            with pytest.raises(InputFaults, match=r"tcp://127.*: has ujet-triage .* \(files "):
                list(results)
        with pytest.raises(InputFaults, match="the same version"), join_cluster(made.address, desk):
            pytest.fail("it was taken for the same")


def test_the_version_covers_every_module_that_an_assessment_passes() -> None:
    code = "import sys, triage.cluster_task; print(*(m for m in sys.modules if 'triage' in m))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.removeprefix("triage").removeprefix(".") for name in done.stdout.split()}
    assert loaded == {*WALK, ""} - {"__init__"}


def test_a_worker_without_the_program_is_named_and_left_alone(tmp_path: Path, desk: Desk) -> None:
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "sitecustomize.py").write_text("import sys; sys.modules['triage'] = None")
    with started(tmp_path, workers=0) as made:
        worker = made.start_worker(tmp_path / "bare")
        missing = r"tcp://127.*: cannot run this program: .*ModuleNotFoundError"
        for _ in range(2):
            with pytest.raises(InputFaults, match=missing), join_cluster(made.address, desk):
                pytest.fail("it has nothing to work with")
        assert worker.poll() is None


def copy_of_packages(folder: Path) -> Path:
    for package in ("tickets", "classifier", "rules", "sla", "triage", "data"):
        shutil.copytree(ROOT / package, folder / "elsewhere" / package)
    return folder / "elsewhere"


def test_a_fault_of_ours_shows_no_text_on_the_cluster_or_here(
    two_workers: LocalCluster, desk: Desk
) -> None:
    broken = Ticket(id="1", subject="", body=["Ms Secret's phone"])  # type: ignore[arg-type]
    portion = Portion([Row(1, {})], [broken])
    with (
        join_cluster(two_workers.address, desk) as assessor,
        pytest.raises(AssessmentError, match=r"^[A-Za-z]+Error at \w+\.py:\d+") as caught,
    ):
        list(assessor.assess([portion]))
    assert "Compute Failed" in two_workers.logs()
    assert "Secret" not in two_workers.logs()
    assert "Secret" not in "".join(traceback.format_exception(caught.value))
