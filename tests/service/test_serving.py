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
from pathlib import Path

import httpx
import pytest

from triage.service.listening import listen

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


def test_it_serves_and_ctrl_c_ends_it(serving: tuple[subprocess.Popen[str], str]) -> None:
    process, here = serving
    assert httpx.post(f"{here}/v1/triage", json={"body": "Chat is down"}).status_code == 200
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert output == ""
    assert "Traceback" not in errors


def test_requests_under_way_are_finished_when_it_is_told_to_end(
    serving: tuple[subprocess.Popen[str], str],
) -> None:
    process, here = serving
    lines = '{"body": "Chat is down for some of us"}\n' * 400
    headers = {"content-type": "application/x-ndjson"}
    url = f"{here}/v1/triage/batch"
    with httpx.stream("POST", url, content=lines, headers=headers, timeout=30) as answer:
        answered = answer.iter_lines()
        next(answered)
        process.send_signal(signal.SIGTERM)
        assert sum(1 for _ in answered) == 399
    _, errors = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGTERM
    assert "Traceback" not in errors


def test_health_and_single_tickets_are_answered_during_a_long_batch(service: httpx.Client) -> None:
    is_done = threading.Event()

    def post_batch() -> None:
        service.post("/v1/triage/batch", json=[{"body": "Chat is down for some of us"}] * 1_500)
        is_done.set()

    batch = threading.Thread(target=post_batch)
    batch.start()
    for _ in range(10):
        assert service.get("/healthz").status_code == 200
    assert service.post("/v1/triage", json={"body": "Chat is down"}).status_code == 200
    assert not is_done.is_set()
    batch.join(timeout=30)
    assert is_done.is_set()


def test_a_client_that_leaves_frees_its_place(service: httpx.Client) -> None:
    for _ in range(6):  # more than there are places for batches
        with httpx.stream(
            "POST", f"{service.base_url}/v1/triage/batch", json=[{"body": "Chat is down"}] * 500
        ) as answer:
            while answer.status_code == 503:
                answer = service.post("/v1/triage/batch", json=[])
            next(answer.iter_raw())
    while (last := service.post("/v1/triage/batch", json=[])).status_code == 503:
        pass
    assert last.json() == []


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


def test_it_refuses_to_be_reached_from_elsewhere(triage: Run) -> None:
    done = triage("serve", "--host", "0.0.0.0")
    assert done.returncode == 2
    assert done.stderr.startswith('triage: --host: "0.0.0.0" can be reached from other machines')
    assert done.stderr.count("\n") == 1


def test_without_a_model_the_user_learns_how_to_get_one(tmp_path: Path) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("triage"), "serve", "--port", "0"],
        capture_output=True,
        text=True,
        env={**os.environ, "TRIAGE_HOME": str(tmp_path)},
        check=False,
    )
    assert done.returncode == 2
    assert "run `triage train`" in done.stderr


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_an_ipv6_loopback_address_will_do() -> None:
    with listen("::1", 0) as listener:
        assert listener.getsockname()[0] == "::1"


def test_help_does_not_wait_for_the_service() -> None:
    code = "import triage.cli, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"fastapi", "uvicorn", "starlette", "pydantic", "asyncio"}
