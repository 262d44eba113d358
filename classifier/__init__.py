"""Text to facts with probabilities and evidence, and a direct view of the priority."""

from classifier.decision import Thresholds, cheapest
from classifier.labelled import LabelledTicket, parse_labelled
from classifier.model import Model, load_model
from classifier.pooling import Pool
from classifier.reader import Reader
from classifier.recipe import Recipe, load_recipe
from classifier.registry import Registry

__all__ = [
    "LabelledTicket",
    "Model",
    "Pool",
    "Reader",
    "Recipe",
    "Registry",
    "Thresholds",
    "cheapest",
    "load_model",
    "load_recipe",
    "parse_labelled",
]
