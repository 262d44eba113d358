"""`triage data erase`: what is asked before texts go for good, and how a no is taken."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from tickets import InputFaults

Call = Callable[..., int]


@pytest.mark.parametrize("answer", ["", "n\n", "\n", "maybe\n"])
def test_without_a_yes_nothing_is_erased(
    call: Call,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: str,
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    with pytest.raises(InputFaults) as refused:
        call("data", "erase", "--ticket", "api/a1")
    problem, remedy = "ticket api/a1 not erased", "answer y, or call it with --yes"
    assert str(refused.value) == f"triage data erase: {problem} ({remedy})"
    assert capsys.readouterr() == ("", "")


def test_a_day_that_is_none_is_named_with_its_option(call: Call) -> None:
    with pytest.raises(InputFaults) as refused:
        call("data", "erase", "--before", "yesterday", "--yes")
    assert str(refused.value).startswith("--before: 'yesterday' is not an ISO 8601 time")
