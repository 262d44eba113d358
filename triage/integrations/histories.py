"""The desks that can be asked for their history, by name."""

from __future__ import annotations

from collections.abc import Mapping

from triage.integrations import jira_history, zendesk_history
from triage.integrations.desk_ticket import History

HISTORIES: Mapping[str, History] = {
    "zendesk": zendesk_history.pages,
    "jira": jira_history.pages,
}
