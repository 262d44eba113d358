"""What we leave on a ticket besides its priority: tags, and a key that only we can have written."""

from __future__ import annotations

from collections.abc import Iterable

from tickets import Priority
from triage.integrations.own_marks import TAG_PREFIX, is_own_tag

KEY = TAG_PREFIX
"""Of a Jira issue, the property that holds our mark."""


def tags_of(act: str, priority: Priority) -> list[str]:
    """Return the tags that tell other programs what we did."""
    return [TAG_PREFIX, f"{TAG_PREFIX}_{priority}".lower(), f"{TAG_PREFIX}_{act}"]


def without_ours(tags: Iterable[str]) -> list[str]:
    """Return the tags that others set."""
    return [tag for tag in tags if not is_own_tag(tag)]
