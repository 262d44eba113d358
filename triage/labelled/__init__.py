"""Labelled tickets: where they come from, whether they can be trusted, what models make of them."""
