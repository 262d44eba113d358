"""One test for each class of bug that other systems have shipped, some of them for years."""

from __future__ import annotations
