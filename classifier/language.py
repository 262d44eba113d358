"""In which language a ticket is written; English is supported, others need a person's review."""

from __future__ import annotations

from functools import cache
from typing import Any

SUPPORTED = "en"
KNOWN = (
    "en",
    "es",
    "fr",
    "de",
    "pt",
    "ja",
    "it",
    "nl",
    "pl",
    "sv",
    "da",
    "zh",
    "ko",
    "ru",
    "tr",
    "ar",
)
"""Languages told apart; short English tickets would be lost among a hundred."""
FEWEST_LETTERS = 25
"""Below it a text ("SSO kaputt") tells too little; it counts as supported."""
LONGEST_LOOK = 2_000
"""Characters that decide the language."""
SURE_ENOUGH = 0.9
"""Probability from which a foreign language is believed."""
ENGLISH_WORDS = frozenset(
    {"the", "and", "to", "of", "is", "are", "we", "our", "it", "that", "this", "with", "for", "not"}
    | {"have", "has", "but", "they", "when", "you", "can", "from", "all", "since", "been", "will"}
    | {"how", "does", "what", "any", "only", "my", "your", "or", "if", "there", "their", "nobody"}
)
"""Function words that no other known language shares in number."""
ENGLISH_SHARE = 0.2
"""Share of such words from which a text is plainly English, without asking the identifier."""


def detect_language(text: str) -> str:
    """Return the two-letter code of a text's language; `en` unless another is plain."""
    text = text[:LONGEST_LOOK]
    if sum(char.isalpha() for char in text) < FEWEST_LETTERS and text.isascii():
        return SUPPORTED
    words = text.lower().split()
    if sum(word in ENGLISH_WORDS for word in words) >= ENGLISH_SHARE * len(words):
        return SUPPORTED
    language, probability = _identifier().classify(text)
    return str(language) if probability >= SURE_ENOUGH else SUPPORTED


@cache
def _identifier() -> Any:
    """The identifier's tables never change, so one serves the whole process."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(KNOWN))
    return identifier
