"""The report of a model on tickets that it has not learnt from: a page to look at, and a card."""
