"""What personal data looks like: e-mail, phone and card numbers, accounts, addresses, secrets.

Names of people and postal addresses are not found. A number counts as a phone number only where its
form or the word before it says so: ticket numbers, dates, times and versions must stay readable.
Patterns are possessive or bounded, so that a hostile text takes no more time than a plain one.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass

BULLET = "•"
HIDDEN = "\ue000"
"""Stands where an earlier pattern matched; no later one takes it for a letter or a digit."""

Span = tuple[int, int]


@dataclass(frozen=True)
class Pattern:
    """What one kind of personal data looks like."""

    label: str
    regex: re.Pattern[str]
    part: Callable[[re.Match[str]], Span | None]
    """The personal part of a match, or None when a closer look finds none."""


def _whole(match: re.Match[str]) -> Span:
    return match.span(match.lastindex or 0)


def _query(match: re.Match[str]) -> Span | None:
    """Find what follows `?`, or a fragment that carries values as a query does."""
    address = match.group().rstrip(".,;:!?)]'\">")
    start = address.find("?") + 1
    if not start and "=" in (fragment := address.partition("#")[2]):
        start = len(address) - len(fragment)
    return (match.start() + start, match.start() + len(address)) if start else None


def _secret(match: re.Match[str]) -> Span | None:
    """Take for a secret only what has a digit: `token: expired` is none."""
    return _whole(match) if re.search(r"\d", match[match.lastindex or 0]) else None


def _email(match: re.Match[str]) -> Span:
    """Leave out what only stands before an address: a quote, a dash, `from=`."""
    local = match.group().partition("@")[0]
    name = re.split("[=?&]", local)[-1].lstrip("!#$%'*^`{|}~.-")
    return match.start() + len(local) - len(name or local), match.end()


def _iban(match: re.Match[str]) -> Span | None:
    """Take as many characters as the country's accounts have: the words behind may join them."""
    length = _IBAN_LENGTHS.get(match[1][:2].upper(), 0)
    account = match[1].replace(" ", "")[:length]
    if not length or len(account) < length:
        return None
    digits = "".join(str(int(char, 36)) for char in account[4:] + account[:4])
    if int(digits) % 97 != 1:
        return None
    places = [at for at, char in enumerate(match[1]) if char != " "]
    return match.start(), match.start() + places[length - 1] + 1


_COUNTRIES_BY_LENGTH = {
    15: "NO",
    16: "BE",
    18: "DK FI FO GL NL",
    19: "MK SI",
    20: "AT BA EE KZ LT LU XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HU LB PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU",
    31: "MT SC",
    32: "LC",
}
"""The lengths of the SWIFT IBAN registry."""

_IBAN_LENGTHS = {
    country: length
    for length, countries in _COUNTRIES_BY_LENGTH.items()
    for country in countries.split()
}


def _card(match: re.Match[str]) -> Span | None:
    digits = re.sub("[ -]", "", match.group())
    return match.span() if _ISSUED.fullmatch(digits) and _luhn(digits) else None


_ISSUED = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|3[068]\d{12}|6\d{15,18}"
)
"""Lengths by the leading digits of the card networks."""


def _luhn(digits: str) -> bool:
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def _ip(match: re.Match[str]) -> Span | None:
    """Take no version number, and no address that is the same on every machine."""
    try:
        address = ipaddress.ip_address(match.group())
    except ValueError:
        return None
    if address.is_loopback or address.is_unspecified or _names_version(match):
        return None
    if address.version == 6 and not re.search(r"\d", match.group()):  # Face::Bed
        return None
    return match.span()


def _names_version(match: re.Match[str]) -> bool:
    before = match.string[max(match.start() - 24, 0) : match.start()]
    return bool(re.search(r"(?i)(?:version|release|build|firmware|sdk|driver)\W{0,3}$", before))


def _phone(match: re.Match[str]) -> Span | None:
    """Take no date, and no number that the word before it calls something else."""
    number = match[1]
    digits = sum(char.isdigit() for char in number)
    before = match.string[max(match.start(1) - 24, 0) : match.start(1)]
    if not 7 <= digits <= 15 or _DATE.search(number) or _REFERENCE.search(before):
        return None
    is_in_brackets = number.startswith("(") and ")" not in number
    return match.start(1) + is_in_brackets, match.end(1)


def _national_phone(match: re.Match[str]) -> Span | None:
    """Take a number with a leading zero, or two before the code of a country."""
    digits = re.sub(r"\D", "", match[1])
    return _phone(match) if len(digits) >= (11 if digits.startswith("00") else 9) else None


_DATE = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d([-/. ])[01]?\d\1[0-3]?\d|[0-3]?\d([/.])[01]?\d\2\d{2,4})"
)
_REFERENCE = re.compile(
    r"(?i)(?:\b(?:ticket|case|order|invoice|incident|request|reference|ref|id|error|serial|build|"
    r"version|contract|po)(?: ?(?:no|number|nr|id))?|#)[.:]?[ #]*$"
)

_START = rf"(?<![\w{HIDDEN}])"
_END = rf"(?![\w{HIDDEN}])"
_NUMBER_START = rf"(?<!\d )(?<![\w{HIDDEN}#/.,:$€£+-])"
_NUMBER_END = rf"(?![\w{HIDDEN}%]|[-.,:/]\d)"
_LABELS = ("login", "query", "token", "email", "iban", "card", "ip", "phone")
_PASSWORD = r"(?:password|passwd|pwd|passphrase|passcode|passwort|kennwort|contraseña|mot de passe)"
_KEY = r"(?:api[ _-]?key|access[ _-]?key|secret(?:[ _-]?key)?|credential|token)"
_IS = r"[\"']?[ \t]{0,4}(?:=>|[:=])[ \t]{0,4}"

# In this order: a later pattern sees only what the earlier ones left.
PATTERNS = (
    # What is redacted or masked already stays as it is.
    Pattern("", re.compile(rf"\[(?:{'|'.join(_LABELS)})\]"), _whole),
    Pattern("", re.compile(rf"{BULLET}{{3,}}+"), _whole),
    Pattern("login", re.compile(r"://([^\s/?#]+)@"), _whole),
    Pattern("query", re.compile(r"(?i)(?:\b(?:https?|wss?|ftp)://|\bwww\.)\S++"), _query),
    Pattern(
        "token",
        re.compile(
            r"(?s)-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----"
            r".*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)"
        ),
        _whole,
    ),
    Pattern(
        "token",
        re.compile(
            rf"(?<![\w{HIDDEN}-])(?:"
            r"eyJ[\w-]{8,}+\.[\w-]{8,}+(?:\.[\w-]*+)?"  # JWT
            r"|(?:sk|pk|rk)_(?:live|test)_\w{8,}+|sk-[\w-]{16,}+|whsec_[\w+/=-]{16,}+"
            r"|gh[opsur]_\w{20,}+|github_pat_\w{20,}+|glpat-[\w-]{16,}+|xox[abeprs]-[\w-]{10,}+"
            r"|A(?:KIA|SIA)[0-9A-Z]{16}|AIza[\w-]{30,}+|ya29\.[\w-]{20,}+)"
        ),
        _whole,
    ),
    Pattern("token", re.compile(r"(?i)\b(?:bearer|basic)[ \t]{1,4}([\w.~+/=-]{12,}+)"), _secret),
    Pattern("token", re.compile(rf"(?i)authorization{_IS}(?:\w++[ \t])?(\S{{8,}}+)"), _secret),
    Pattern(
        "token",
        re.compile(
            rf"(?i){_PASSWORD}{_IS}(?:\"([^\"\n]{{3,200}})\"|'([^'\n]{{3,200}})'|(\S{{3,}}+))"
        ),
        _whole,
    ),
    Pattern("token", re.compile(rf"(?i){_PASSWORD} (?:is|was|ist|war)[: ] ?(\S{{4,}}+)"), _secret),
    Pattern("token", re.compile(rf"(?i){_KEY}{_IS}[\"']?([^\s\"',;<>&]{{8,}}+)"), _secret),
    Pattern(
        "email",
        re.compile(
            r"(?<![\w.!#$%&'*+=?^`{|}~-])[\w.!#$%&'*+=?^`{|}~-]++"
            r"@(?:[^\W_](?:[\w-]*+)\.)+(?:xn--[a-zA-Z0-9-]+|[^\W\d_]{2,63})"
        ),
        _email,
    ),
    Pattern(
        "iban",
        re.compile(rf"{_START}(?=([A-Za-z]{{2}}[0-9]{{2}} ?[A-Za-z0-9][A-Za-z0-9 ]{{10,42}}))"),
        _iban,
    ),
    Pattern(
        "card",
        re.compile(
            rf"{_START}(?:\d{{13,19}}|\d{{4}}([ -])\d{{4}}\1\d{{4}}\1\d{{4}}(?:\1\d{{3}})?"
            rf"|\d{{4}}([ -])\d{{6}}\2\d{{4,5}}){_END}"
        ),
        _card,
    ),
    Pattern(
        "ip", re.compile(rf"{_START}(?<!\d\.)\d{{1,3}}(?:\.\d{{1,3}}){{3}}{_END}(?!\.\d)"), _ip
    ),
    Pattern(
        "ip",
        re.compile(
            rf"(?<![\w{HIDDEN}:.])(?=[0-9a-fA-F]*+:[0-9a-fA-F]*+:)[0-9a-fA-F:]{{4,45}}+{_END}"
        ),
        _ip,
    ),
    # A country code, America's form, Europe's leading zero, and whatever a word calls a number.
    Pattern(
        "phone",
        re.compile(rf"(?<![\w{HIDDEN}+])(\+[1-9](?:[ .()/-]{{0,3}}\d){{6,14}}){_END}"),
        _phone,
    ),
    Pattern(
        "phone",
        re.compile(
            rf"{_NUMBER_START}((?:1[ .-])?(?:\(\d{{3}}\) ?\d{{3}}[ .-]\d{{4}}"
            rf"|[2-9]\d{{2}}([ .-])\d{{3}}\2\d{{4}})){_NUMBER_END}"
        ),
        _phone,
    ),
    Pattern(
        "phone",
        re.compile(rf"{_NUMBER_START}(\(?0\d{{2,4}}\)?(?:[ /-]\d{{2,8}}){{1,4}}){_NUMBER_END}"),
        _national_phone,
    ),
    Pattern(
        "phone",
        re.compile(
            r"(?i)\b(?:phone|tel|telephone|telefon|mobile|cell|fax|whatsapp|ani|caller[ _]?id"
            r"|call me|call (?:me )?back|reach me|ring me)(?: (?:number|no|on|at|is))?[.:= ]{1,3}"
            rf"(\(?\d(?:[ .()/-]{{0,2}}\d){{6,14}}){_NUMBER_END}"
        ),
        _phone,
    ),
)
