"""A suggestion as a page showed it: forms carry it, so that nothing newer is decided unseen."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from triage.service.problems import Problem


@dataclass(frozen=True)
class Seen:
    """A suggestion, and the version of its ticket that was shown."""

    suggestion_id: str
    version: int

    @classmethod
    def parse(cls, text: str) -> Seen:
        """Return what a form names; `Problem` 422 for what no page of ours sends."""
        suggestion_id, _, version = text.partition(":")
        if not version.isascii() or not version.isdigit() or len(version) > 9:
            detail = "The form does not say which ticket it is about, as it was shown."
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
        return cls(suggestion_id, int(version))

    def __str__(self) -> str:
        return f"{self.suggestion_id}:{self.version}"
