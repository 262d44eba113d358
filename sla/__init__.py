"""The support policy as data: which response is due when, and what each tier includes."""

from sla.instants import OutsideHorizon
from sla.policy import Policy
from sla.policy_file import load_policy

__all__ = ["OutsideHorizon", "Policy", "load_policy"]
