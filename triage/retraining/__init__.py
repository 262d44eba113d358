"""Retraining: labelled tickets become a model, which must not be worse than the current one."""
