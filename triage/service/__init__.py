"""The HTTP door: a desk behind a few addresses. It keeps nothing of what passes.

`application.create_app` makes the ASGI app. Nothing is imported here, so that `triage serve` finds
a port taken before it loads anything.
"""
