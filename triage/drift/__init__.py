"""Drift: whether the tickets of late are still those that the model was trained for."""
