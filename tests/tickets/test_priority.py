"""P0 comes first."""

import pytest

from tickets import PRIORITIES, Priority


def test_priorities_are_ordered_from_the_most_urgent() -> None:
    assert [str(priority) for priority in PRIORITIES] == ["P0", "P1", "P2", "P3", "P4"]
    assert min(Priority.P3, Priority.P1) == Priority.P1


def test_a_priority_is_read_in_either_case() -> None:
    assert Priority.parse(" p2 ") == Priority.P2


def test_another_word_is_no_priority() -> None:
    with pytest.raises(ValueError, match="'P5' is not one of P0, P1, P2, P3, P4"):
        Priority.parse("P5")
