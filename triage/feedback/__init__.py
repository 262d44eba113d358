"""Feedback: what people decided becomes labels, and says which tickets to label next."""
