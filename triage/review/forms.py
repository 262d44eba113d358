"""What a form sends: small, and from one of our own pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import Depends, Request

from triage.review import csrf
from triage.review.viewer import CurrentViewer
from triage.service.bodies import media_type, read_body
from triage.service.problems import Problem
from triage.service.service import service_of

URLENCODED = "application/x-www-form-urlencoded"
FORM_BYTES = 100_000
MOST_FIELDS = 2_000


@dataclass(frozen=True)
class Form:
    """The fields of a form, each with what was given."""

    fields: Mapping[str, Sequence[str]]

    def text(self, name: str) -> str:
        """Return the last value of a field without outer space; empty where it is missing."""
        return self.fields.get(name, [""])[-1].strip()

    @property
    def single(self) -> Mapping[str, str]:
        """What was given last for each field."""
        return {name: self.text(name) for name in self.fields}

    def all(self, name: str) -> Sequence[str]:
        """Return every value of a field."""
        return self.fields.get(name, [])


async def posted(request: Request, viewer: CurrentViewer) -> Form:
    """Return the form of a request; `Problem` for one that is none, or not from our pages."""
    form = await read_form(request)
    csrf.check(request, viewer, form.text(csrf.FIELD))
    return form


async def read_form(request: Request) -> Form:
    """Return what a request sends, whoever sends it; `Problem` for what is no form."""
    media_type(request, [URLENCODED])
    body = await read_body(request, FORM_BYTES, service_of(request).limits)
    text = body.decode("utf-8", "replace")
    try:
        return Form(parse_qs(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        detail = f"The form has more than {MOST_FIELDS:,} fields."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail) from None


Posted = Annotated[Form, Depends(posted)]
