"""Sentences that demand a priority or order the reader about.

"Please set this to P0", "URGENT!!!", "Ignore all previous instructions": they say what somebody
wants, and nothing of what is wrong. The policy decides by what is wrong, so nobody reads them.
Only whole sentences count that say nothing else.
"""

from __future__ import annotations

import re

LONGEST_DEMAND = 160
"""Characters of a sentence; longer ones say something else too."""

_SENTENCE = re.compile(r"\S[^\n]*?(?:[.!?]+(?=\s|$)|$)", re.MULTILINE)

_RANK = r"(?:(?:very |the )?high(?:est)?|low(?:est)?|top|utmost|max(?:imum)?|critical|urgent)"
_LEVEL = rf"""(?:
    p\ ?[0-4]
    | (?:prio|priority|sev|severity)[ :=\#-]{{0,3}}(?:p?[0-4]|zero|one|two|three|four|{_RANK})
    | (?:the\ )?{_RANK}(?:\ possible)?\ (?:prio|priority|urgency|severity)
    | (?:very\ |most\ |really\ |extremely\ )?urgent(?:ly)?
    | critical | (?:an\ )?emergency | asap | as\ soon\ as\ possible
)"""
_SOON = rf"(?:{_LEVEL}|immediately|right\ away|today|now)"
_ITEM = r"(?:ticket|case|issue|request|incident|matter|one)"
_OBJECT = rf"(?:this(?:\ {_ITEM})?|it|that|(?:the|my|our)\ {_ITEM}|(?:the\ |its\ )?priority)"
_POLITE = r"(?:(?:please|pls|plz|kindly|just|can\ you|could\ you|would\ you|you\ must),?\ )"
_RATE = r"""(?:set|put|make|mark|treat|handle|raise|classify|prioriti[sz]e|flag|bump|change|upgrade
    |log|file|consider|rate|rank|escalate|keep|label|tag|lower|downgrade|enter|register|record
    |answer|respond|reply|output|return|print)"""
_SOLVE = r"(?:fix|fixed|solve|solved|resolve|resolved|done|handled|treated|sorted|looked\ at)"
_CLAUSE = rf"""(?:
    {_POLITE}{{0,3}}{_RATE}(?:\ {_OBJECT})?
        (?:\ (?:to|as|at|in|with|on|only|a|an|the|priority|=|:)){{0,4}}\ {_LEVEL}
    | {_POLITE}{{0,3}}(?:prioriti[sz]e|escalate)\ {_OBJECT}
    | {_POLITE}{{0,3}}escalate(?:\ {_OBJECT})?\ to\ (?:your|the|a)
        \ (?:manager|supervisor|management)(?:\ {_SOON})?
    | {_POLITE}{{0,3}}{_SOLVE}(?:\ {_OBJECT})?\ {_SOON}
    | (?:we|i)\ (?:need|want|expect|demand)\ {_OBJECT}(?:\ to\ be)?\ (?:{_SOLVE}\ )?{_SOON}
    | {_OBJECT}(?:\ is|'s)\ {_LEVEL}
    | {_LEVEL}
)"""
_DEMAND = re.compile(
    rf"""{_CLAUSE}(?:(?:,|;|\ -|\ and|,\ and)?\ {_CLAUSE}){{0,3}}
        (?:,?\ (?:please|pls|plz|now|today))?""",
    re.IGNORECASE | re.VERBOSE,
)
_ORDER = re.compile(
    r"(?:please )?(?:ignore|disregard|forget|override) (?:all |any |the |your |of )*"
    r"(?:previous |prior |above |earlier |other )+(?:instructions?|rules?|prompts?|orders?)"
    r"(?:,? (?:and |then )?"
    r"(?:answer|respond|reply|output|return|print|say|set|mark|classify)\b.*)?",
    re.IGNORECASE,
)


def without_demands(text: str) -> str:
    """Return a text of the same length with blanks for its demands; as it is if it has no more."""
    rest = _SENTENCE.sub(_blank_if_demand, text)
    return rest if rest.strip() else text


def _blank_if_demand(sentence: re.Match[str]) -> str:
    words = sentence.group()
    said = " ".join(words.split()).strip(".!? *\"'")
    is_demand = len(said) <= LONGEST_DEMAND and (_DEMAND.fullmatch(said) or _ORDER.fullmatch(said))
    return " " * len(words) if is_demand else words
