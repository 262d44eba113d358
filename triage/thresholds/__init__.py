"""Thresholds: how sure a model must be to act by itself, chosen by what a person asks of it."""
