"""The walk as far as the priority, for many tickets at once: for measuring, not for answering."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from classifier import cheapest
from classifier.embedding_cache import EmbeddingCache
from classifier.progress import Progress
from classifier.views import views
from rules import distributions
from tickets import Ticket
from triage.assess import Rooms
from triage.suggest import cost_array


def priorities(
    rooms: Rooms, tickets: Sequence[Ticket], cache: EmbeddingCache | None, progress: Progress
) -> npt.NDArray[np.int64]:
    """Return the priority that `assess` suggests for each of n tickets, 0 (P0) to 4, shape (n,)."""
    if not tickets:
        return np.zeros(0, np.int64)
    read = views(rooms.model, tickets, cache, progress)
    rules_view = np.asarray(distributions(rooms.diagram, read.facts))
    pooled = rooms.model.pool.combine(rules_view, read.direct)
    return rooms.model.thresholds.raised(cheapest(pooled, cost_array(rooms.ruleset)), pooled)
