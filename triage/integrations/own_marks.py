"""The marks that we leave in a desk, by which our own doing is known when it comes back."""

from __future__ import annotations

import re

TAG_PREFIX = "ujet_triage"
"""Begins every tag or label that we write, as in `ujet_triage__p1`."""

# Ours begin with the mark, at most behind markup; a reply that quotes ours has words before it.
_OWN_COMMENT = re.compile(
    rf"\s*(?:<(?!!--)[^<>]*>\s*)*(?:<!--\s*|\[)?{TAG_PREFIX}\b", re.IGNORECASE
)


def is_own_tag(tag: str) -> bool:
    """Tell whether a tag or label is one of ours."""
    return tag.strip().lower().startswith(TAG_PREFIX)


def is_own_comment(text: str | None) -> bool:
    """Tell whether a comment is ours: it begins with `[ujet_triage]` or `<!-- ujet_triage -->`."""
    return text is not None and _OWN_COMMENT.match(text) is not None
