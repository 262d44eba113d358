"""Where a status page's JSON comes from: a saved file, or the page itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from tickets import Fault, InputFaults
from triage.text_file import read_text

LISTS = ("incidents.json", "scheduled-maintenances.json")
PATIENCE = 10
"""Seconds to wait for a page to answer."""
LARGEST = 20_000_000
"""Bytes; fifty incidents with all their updates are far smaller."""


def status_documents(sources: Iterable[str]) -> dict[str, str]:
    """Return the JSON texts of files and addresses, by name; `InputFaults` names every bad one.

    The address of a page stands for its lists of incidents and of scheduled maintenances.
    """
    documents: dict[str, str] = {}
    faults: list[Fault] = []
    for source in sources:
        try:
            for name in _names(source):
                documents[name] = _fetched(name) if _is_address(name) else read_text(name)
        except InputFaults as wrong:
            faults.extend(wrong.faults)
    if faults:
        raise InputFaults(*faults)
    return documents


def _is_address(source: str) -> bool:
    return source.startswith(("https://", "http://"))


def _names(source: str) -> Iterator[str]:
    if not _is_address(source) or source.endswith(".json"):
        yield source
    else:
        yield from (f"{source.rstrip('/')}/api/v2/{name}" for name in LISTS)


def _fetched(address: str) -> str:
    request = Request(address, headers={"Accept": "application/json"})
    try:
        with urlopen(request, timeout=PATIENCE) as answer:
            content: bytes = answer.read(LARGEST)
        return content.decode("utf-8")
    except HTTPError as error:
        problem = f"answers {error.code} {error.reason}"
    except (URLError, HTTPException, TimeoutError, ConnectionError) as error:
        problem = f"does not answer: {getattr(error, 'reason', error)}"
    except ValueError:
        problem = "is no sound address, or answers something other than UTF-8 text"
    remedy = "check the address, or save the page's incidents.json and name the file"
    raise InputFaults(Fault(address, problem, remedy))
