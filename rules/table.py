"""The whole policy as one table: the verdict on every combination of facts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rules.combinations import Mask, shape, where_true
from rules.ruleset import Ruleset

VerdictTable = NDArray[np.int8]
"""A priority (0 to 4) for every combination, numbered as in `rules.combinations`."""

UNRAISED = 127
"""Stands in a table of floors where no rule sets or guarantees a priority."""


def verdict_table(ruleset: Ruleset) -> VerdictTable:
    """Return the priority of every combination, by the law of combination."""
    floors = floor_table(ruleset)
    raised = np.where(floors == UNRAISED, int(ruleset.default.priority), floors)
    return np.maximum(raised, cap_table(ruleset)).astype(np.int8).reshape(-1)


def floor_table(ruleset: Ruleset) -> NDArray[np.int8]:
    """Return the most urgent priority set or guaranteed, or `UNRAISED`, one axis per fact."""
    floors = np.full(shape(ruleset.schema), UNRAISED, dtype=np.int8)
    for rule in ruleset.rules:
        if rule.then.floor is not None:
            fires = where_true(rule.when, ruleset.schema)
            np.minimum(floors, int(rule.then.floor), out=floors, where=fires)
    return floors


def cap_table(ruleset: Ruleset) -> NDArray[np.int8]:
    """Return the strictest limit, 0 where there is none, one axis per fact."""
    caps = np.zeros(shape(ruleset.schema), dtype=np.int8)
    for rule in ruleset.rules:
        if rule.then.at_most is not None:
            fires = where_true(rule.when, ruleset.schema)
            np.maximum(caps, int(rule.then.at_most), out=caps, where=fires)
    return caps


def decided_by_default(ruleset: Ruleset) -> Mask:
    """Return where no rule sets or guarantees a priority."""
    return np.asarray(floor_table(ruleset) == UNRAISED)
