"""The corpus that a fresh install trains from, and the sample inbox of the demo."""
