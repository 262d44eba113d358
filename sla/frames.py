"""Responses for data frames: pandas in, pandas out."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sla.deadlines import ClockKind
from sla.open_time import Nanos
from sla.policy import Policy
from tickets import PRIORITIES
from tickets.faults import did_you_mean


def responses(policy: Policy, tickets: pd.DataFrame) -> pd.DataFrame:
    """Return the response of each ticket under the frame's index, in columns `response.…`.

    Reads `tier`, `priority` and `received_at`, which has a time zone. Where one of them is missing
    or the policy does not cover the receipt time, the row is empty. `ValueError` for an unknown
    tier or priority, or for times without zone.
    """
    tiers = _codes("tier", tickets["tier"], list(policy.tiers))
    priorities = _codes("priority", tickets["priority"], [str(each) for each in PRIORITIES])
    received, is_known = _instants(tickets["received_at"])
    answered = is_known & (tiers >= 0) & (priorities >= 0)
    answered[answered] = policy.bulk.covers(tiers[answered], received[answered])
    found = _responses(policy, tiers[answered], priorities[answered], received[answered])
    in_place = found.set_axis(np.flatnonzero(answered)).reindex(range(len(tickets)))
    return in_place.set_axis(tickets.index)


def _codes(column: str, names: pd.Series, known: list[str]) -> NDArray[np.int64]:
    """Return the place of each name among the known ones, -1 for a missing one."""
    codes = pd.Index(known).get_indexer(pd.Index(names)).astype(np.int64)
    unknown = names[(codes < 0) & names.notna().to_numpy()]
    if len(unknown):
        name = str(unknown.iloc[0])
        raise ValueError(f'unknown {column} "{name}" ({did_you_mean(name, known)})')
    return codes


def _instants(received_at: pd.Series) -> tuple[Nanos, NDArray[np.bool_]]:
    if not isinstance(received_at.dtype, pd.DatetimeTZDtype):
        remedy = "convert it with pandas.to_datetime(…, utc=True)"
        raise ValueError(f"received_at: {received_at.dtype} has no time zone ({remedy})")
    utc = received_at.dt.tz_convert("UTC").dt.as_unit("ns")
    return utc.astype("int64").to_numpy(), received_at.notna().to_numpy()


def _responses(
    policy: Policy, tiers: NDArray[np.int64], priorities: NDArray[np.int64], received: Nanos
) -> pd.DataFrame:
    """Return the responses of tickets that the policy covers, in order."""
    due_if = np.stack([policy.respond_by_many(tiers, each, received) for each in PRIORITIES])
    targets = [policy.targets[tier][each] for tier in policy.tiers for each in PRIORITIES]
    codes = tiers * len(PRIORITIES) + priorities
    return pd.DataFrame(
        {
            "response.due_at": _times(due_if[priorities, np.arange(len(received))], policy),
            "response.target": np.array([target.words for target in targets], object)[codes],
            "response.clock": np.array([str(each.clock) for each in targets], object)[codes],
            "response.staffed_due_at": _staffed(policy, codes, received),
            "response.outside_availability": _outside_availability(policy, tiers, received),
            **{
                f"response.if_priority.{each}": _times(due, policy)
                for each, due in zip(PRIORITIES, due_if, strict=True)
            },
        }
    )


def _times(nanos: Nanos, policy: Policy) -> pd.Series:
    return pd.Series(pd.to_datetime(nanos, utc=True)).dt.tz_convert(policy.zone)


def _staffed(policy: Policy, codes: NDArray[np.int64], received: Nanos) -> pd.Series:
    staffed = np.full(len(received), pd.NaT.value)
    targets = [(tier, each) for tier in policy.tiers for each in PRIORITIES]
    for code, (tier, priority) in enumerate(targets):
        if policy.targets[tier][priority].clock is ClockKind.CALENDAR:
            of_target = codes == code
            staffed[of_target] = policy.bulk.staffed_due(tier, priority, received[of_target])
    return _times(staffed, policy)


def _outside_availability(
    policy: Policy, tiers: NDArray[np.int64], received: Nanos
) -> pd.api.extensions.ExtensionArray:
    outside = np.empty(len(received), np.bool_)
    for code, tier in enumerate(policy.tiers):
        of_tier = tiers == code
        outside[of_tier] = ~policy.bulk.is_open(tier, received[of_tier])
    return pd.array(outside, dtype="boolean")
