"""The walk and its doors: `Desk` for Python, `triage` for the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from triage.desk import Desk

__all__ = ["Desk"]


def __getattr__(name: str) -> type[Desk]:
    """Enter the rooms when the desk is asked for; `triage --help` need not wait for them."""
    if name == "Desk":
        from triage.desk import Desk

        return Desk
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
