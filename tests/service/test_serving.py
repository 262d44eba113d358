"""`triage serve`: starts, bears load, ends."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest

from triage.desk import Desk
from triage.service.limits import Limits
from triage.service.listening import listen

Serve = Callable[..., AbstractContextManager[httpx.Client]]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def serving(small_home: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command, serving, and its address."""
    process = subprocess.Popen(
        [Path(sys.executable).with_name("triage"), "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TRIAGE_HOME": str(small_home)},
    )
    assert process.stderr is not None
    said = process.stderr.readline()
    found = re.fullmatch(
        r"triage: listening on (http://127\.0\.0\.1:\d+), see \1/docs; Ctrl-C ends it\n", said
    )
    assert found, said
    yield process, found[1]
    if process.poll() is None:
        process.kill()
    process.communicate(timeout=30)


def test_ctrl_c_ends_it_when_what_is_under_way_is_finished(
    serving: tuple[subprocess.Popen[str], str],
) -> None:
    process, here = serving
    lines = '{"body": "Chat is down for some of us"}\n' * 200
    headers = {"content-type": "application/x-ndjson"}
    url = f"{here}/v1/triage/batch"
    with httpx.stream("POST", url, content=lines, headers=headers, timeout=30) as answer:
        answered = answer.iter_lines()
        next(answered)
        process.send_signal(signal.SIGINT)
        assert sum(1 for _ in answered) == 199
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert output == ""
    assert "Traceback" not in errors


def test_health_and_single_tickets_are_answered_during_a_long_batch(service: httpx.Client) -> None:
    is_done = threading.Event()

    def post_batch() -> None:
        service.post("/v1/triage/batch", json=[{"body": "Chat is down for some of us"}] * 500)
        is_done.set()

    batch = threading.Thread(target=post_batch)
    batch.start()
    for _ in range(10):
        assert service.get("/healthz").status_code == 200
    assert service.post("/v1/triage", json={"body": "Chat is down"}).status_code == 200
    assert not is_done.is_set()
    batch.join(timeout=30)
    assert is_done.is_set()


def test_clients_that_leave_free_their_places(serve: Serve, desk: Desk) -> None:
    tickets = [{"body": "Chat is down"}] * 5_000  # more answers than the network holds unread
    with serve(desk, limits=Limits(running_batches=1)) as client:
        with client.stream("POST", "/v1/triage/batch", json=tickets) as answer:
            answered = answer.iter_raw()  # let go of, it would close the connection
            next(answered)
            assert client.post("/v1/triage/batch", json=[]).status_code == 503
        answers = (client.post("/v1/triage/batch", json=[]) for _ in range(1_000))
        assert any(answer.status_code == 200 for answer in answers)


def test_a_taken_port_is_one_clear_line(triage: Run) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        done = triage("serve", "--port", str(port))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        f"triage: --port: {port} of 127.0.0.1 is in use"
        " (stop what listens there, or name another with --port)\n"
    )


def test_without_a_key_it_refuses_to_be_reached_from_elsewhere(triage: Run) -> None:
    done = triage("serve", "--host", "0.0.0.0", "--port", "0", "--database-url", "sqlite:///x.db")
    assert done.returncode == 2
    assert done.stderr.startswith('triage: --host: "0.0.0.0" can be reached from other machines')
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_an_ipv6_loopback_address_will_do() -> None:
    with listen("::1", 0) as listener:
        assert listener.getsockname()[0] == "::1"


def test_help_does_not_wait_for_the_service() -> None:
    code = "import triage.cli, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"fastapi", "uvicorn", "starlette", "pydantic", "asyncio"}
