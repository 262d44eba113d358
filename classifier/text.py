"""The only cleaning of ticket text, for training and for serving.

A ticket is mail, so most of what stands in it was not written for it: markup, quoted threads,
signatures, legal notices, logs, demands for a priority. `clean` keeps what the customer says now
and remembers, for every character kept, where it stood in the ticket as received.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from classifier.demands import without_demands
from tickets import Span

LONGEST_FIELD = 100_000
"""Characters of one field that are read; more is a log or an attachment, not a report."""
FEWEST_OWN_WORDS = 4
"""With fewer words of their own, people speak through the mail they forward or quote."""


@dataclass(frozen=True)
class Piece:
    """A run of characters taken over unchanged from one field, or one that stands for markup."""

    field: str
    origin: int
    """Offset of its first character in the field as received."""
    text: str
    length: int
    """Of what stood there: more than one for an entity, 0 for a tag, which nobody sees."""


@dataclass(frozen=True)
class CleanText:
    """What the customer says, as one text, with the way back to the ticket as received."""

    text: str
    pieces: tuple[Piece, ...]
    starts: tuple[int, ...]
    """Where each piece begins in `text`."""

    def spans(self, start: int, end: int) -> tuple[Span, ...]:
        """Return where the characters `start` to `end` stood in the ticket, one span a line."""
        spans = []
        first = max(bisect_right(self.starts, start) - 1, 0)
        for begin, piece in zip(self.starts[first:], self.pieces[first:], strict=True):
            if begin >= end:
                break
            low, high = max(start, begin), min(end, begin + len(piece.text))
            if piece.length != len(piece.text):
                low, high = begin, begin + piece.length
            if low < high:
                offset = piece.origin - begin
                spans.append(Span(piece.field, low + offset, high + offset))
        return _merged(spans)


def clean(subject: str, body: str) -> CleanText:
    """Return what the customer says, without markup, threads, signatures and logs."""
    is_forward = bool(_FORWARDED_SUBJECT.match(subject))
    kept = [*_subject_lines(subject), *_body_lines(body, is_forward)]
    pieces: list[Piece] = []
    starts: list[int] = []
    parts: list[str] = []
    length = 0
    for line in kept:
        for piece in line:
            pieces.append(piece)
            starts.append(length)
            parts.append(piece.text)
            length += len(piece.text)
        parts.append("\n")
        length += 1
    text = without_demands("".join(parts).translate(_TYPOGRAPHY))
    return CleanText(text, tuple(pieces), tuple(starts))


# Each of these is replaced by exactly one character, so that offsets hold.
_TYPOGRAPHY = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "\u00a0": " ", "\t": " "})

_Line = tuple[Piece, ...]

_FORWARDED_SUBJECT = re.compile(r"\s*(?:fwd?|wg|tr|rv|enc)\s*:", re.IGNORECASE)
_SUBJECT_PREFIX = re.compile(r"(?:\s*(?:re|fwd?|aw|wg|tr|rv|enc)\s*:\s*)+", re.IGNORECASE)


def _subject_lines(subject: str) -> Iterator[_Line]:
    subject = subject[:LONGEST_FIELD]
    prefix = _SUBJECT_PREFIX.match(subject)
    start = prefix.end() if prefix else 0
    if subject[start:].strip():
        yield (Piece("subject", start, subject[start:], len(subject) - start),)


class _Kind(Enum):
    OWN = auto()
    QUOTED = auto()
    FORWARDED = auto()
    HEADER = auto()
    SIGNATURE = auto()
    LOG = auto()
    EMPTY = auto()


def _body_lines(body: str, is_forward: bool) -> Iterable[_Line]:
    lines = list(_visible_lines(body[:LONGEST_FIELD]))
    kinds = list(_kinds(["".join(piece.text for piece in line) for line in lines]))

    def of(*wanted: _Kind) -> list[_Line]:
        return [line for line, kind in zip(lines, kinds, strict=True) if kind in wanted]

    own = of(_Kind.OWN, _Kind.FORWARDED, *([_Kind.QUOTED] if is_forward else []))
    if _word_count(own) >= FEWEST_OWN_WORDS:
        return own
    return of(_Kind.OWN, _Kind.FORWARDED, _Kind.QUOTED, _Kind.LOG) or own


def _word_count(lines: Iterable[_Line]) -> int:
    return sum(len(piece.text.split()) for line in lines for piece in line)


_IS_HTML = re.compile(r"<(?:html|body|div|p|br|span|table|td|b|i|strong|em|ul|li|a)\b[^<>]*>", re.I)
_MARKUP = re.compile(
    r"<!--|</?[a-zA-Z][^<>]{0,2000}>|&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|[a-zA-Z]{2,10});"
)
_UNSEEN = re.compile(r"<(style|script)\b", re.IGNORECASE)
_NEW_LINE = re.compile(r"</?(?:p|br|div|tr|li|ul|ol|table|h[1-6]|blockquote)\b", re.IGNORECASE)


def _visible_lines(body: str) -> Iterator[_Line]:
    line: list[Piece] = []
    for piece in _visible_pieces(body):
        if piece is None:
            yield tuple(line)
            line = []
        else:
            line.append(piece)
    yield tuple(line)


def _visible_pieces(body: str) -> Iterator[Piece | None]:
    """Yield the visible runs of a body, and None at the end of each line."""
    if not _IS_HTML.search(body):
        yield from _plain_pieces(body, 0, len(body))
        return
    position = 0
    while markup := _MARKUP.search(body, position):
        yield from _plain_pieces(body, position, markup.start())
        position = _end_of_unseen(body, markup)
        if markup.group().startswith("&"):
            shown = html.unescape(markup.group())[:1]
            yield Piece("body", markup.start(), shown, len(markup.group()))
        elif _NEW_LINE.match(markup.group()):
            yield None
        else:
            yield Piece("body", markup.start(), " ", 0)
    yield from _plain_pieces(body, position, len(body))


def _end_of_unseen(body: str, markup: re.Match[str]) -> int:
    """Return where markup ends; comments, styles and scripts, which no reader sees, end with it."""
    unseen = _UNSEEN.match(markup.group())
    closer = "-->" if markup.group() == "<!--" else f"</{unseen[1]}>" if unseen else ""
    closed = body.find(closer, markup.end())
    return closed + len(closer) if closer and closed >= 0 else markup.end()


_RUN = re.compile(r"[^\r\n]+|\r\n|\r|\n")


def _plain_pieces(body: str, start: int, end: int) -> Iterator[Piece | None]:
    for run in _RUN.finditer(body, start, end):
        is_line_end = run.group()[0] in "\r\n"
        yield None if is_line_end else Piece("body", run.start(), run.group(), len(run.group()))


_REPLY = re.compile(
    r"\s*(?:on\b.{5,200}\bwrote:|am\b.{5,200}\bschrieb\b.{0,100}:|le\b.{5,200}\ba écrit\s*:"
    r"|el\b.{5,200}\bescribió:|em\b.{5,200}\bescreveu:)\s*$",
    re.IGNORECASE,
)
_LONGEST_REPLY_LINE = 200
"""Characters; mail programs break the line above a reply in two."""
_ORIGINAL = re.compile(r"\s*-{2,}\s*original message\s*-{2,}|\s*_{10,}\s*$", re.IGNORECASE)
_FORWARD = re.compile(
    r"\s*(?:-{2,}\s*forwarded (?:message|mail|by).{0,80}|begin forwarded message:?)", re.IGNORECASE
)
_HEADER = re.compile(
    r"\s*>?\s*\*?(?:from|sent|to|cc|date|subject|von|an|gesendet|betreff|de|enviado|para|asunto)"
    r"\*?\s?:\*?\s+\S",
    re.IGNORECASE,
)
_SENDER = re.compile(r"\s*\*?(?:from|von|de)\*?\s?:\*?\s+\S", re.IGNORECASE)
_TOPIC = re.compile(r"\s*\*?(?:subject|betreff|objet|asunto|assunto)\*?\s?:", re.IGNORECASE)
_TOPIC_WITHIN = 6
"""Lines from the sender to the subject in the head of a mail."""
_NOTICE = re.compile(
    r"\s*\W{0,3}(?:confidentiality (?:notice|note|statement)\b|disclaimer:|legal notice:"
    r"|(?:this|the (?:information|contents?) (?:\w+ ){0,4}(?:of|in) this) (?:\w+ )?"
    r"(?:e-?mail|message|communication|transmission)\b.{0,120}"
    r"\b(?:(?:are|is|be|contains?)(?: \w+)? (?:confidential|privileged)|addressee"
    r"|intended (?:only|solely|recipient))"
    r"|if you (?:are not|have received) (?:the intended|this (?:e-?mail|message).{0,20} in error)"
    r"|please (?:consider|think of) the environment before)",
    re.IGNORECASE,
)
_SIGN_OFF = re.compile(
    r"\s*(?:-- ?|sent from my \w+.*|get outlook for .*"
    r"|(?:(?:kind|best|warm|many)\s+)?(?:regards|wishes|thanks)[,.! ]*"
    r"|(?:thanks|thank you|thx|cheers|tia|sincerely|yours (?:truly|faithfully|sincerely)|rgds|br)"
    r"(?: (?:so much|again|in advance|and regards|team|all|for your help))?[,.! ]*"
    r"|(?:mit freundlichen grüßen|viele grüße|cordialement|saludos|un saludo|atenciosamente"
    r"|obrigad[oa]|gracias|merci|danke)[,.! ]*)$",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"\s*(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day)|greetings|hallo|hola|bonjour"
    r"|olá|guten tag)\b[^.!?:;]{0,40}[,.!: -]*$",
    re.IGNORECASE,
)
_LOG = re.compile(
    r"\s*(?:at [\w$.<>/]+\(.*\)|File \".*\", line \d+|Traceback \(most recent|Caused by:"
    r"|\.\.\. \d+ more|\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d.{0,60}\b(?:ERROR|WARN(?:ING)?|INFO|DEBUG"
    r"|FATAL|TRACE)\b|\[?(?:ERROR|WARN(?:ING)?|INFO|DEBUG|FATAL|TRACE)\]?[ :]"
    r"|(?:INVITE|BYE|CANCEL|REGISTER|OPTIONS|ACK) sips?:|SIP/2\.0|(?:Via|Call-ID|CSeq|Contact"
    r"|Max-Forwards|User-Agent|Content-Length|Content-Type|Reason|Allow|Record-Route): "
    r"|[vosctma]=\S|HTTP/\d|(?:GET|POST|PUT|DELETE|PATCH) /|[\[\]{}(),;]+\s*$|\"[\w.-]+\"\s*:)"
)


def _kinds(lines: list[str]) -> Iterator[_Kind]:
    """Tell for each line of a mail whose words it holds."""
    inside = _Kind.OWN
    boilerplate = _signed_off_at(lines) | _notices_at(lines)
    for number, line in enumerate(lines):
        if _FORWARD.match(line):
            inside = _Kind.FORWARDED
            yield _Kind.HEADER
        elif _starts_a_quote(lines, number):
            inside = _Kind.QUOTED
            yield _Kind.HEADER
        elif not line.strip():
            yield _Kind.EMPTY
        elif inside is not _Kind.OWN and _HEADER.match(line):
            yield _Kind.HEADER
        elif line.lstrip().startswith(">"):
            yield _Kind.QUOTED
        elif _LOG.match(line):
            yield _Kind.LOG
        elif _GREETING.match(line) or number in boilerplate:
            yield _Kind.SIGNATURE
        else:
            yield inside


LONGEST_SIGNATURE = 8
"""Lines below a sign-off that can be a name, a title, a telephone number."""
LONGEST_SIGNATURE_LINE = 60
"""Characters; a longer line below a sign-off is an afterthought, which counts."""


def _signed_off_at(lines: list[str]) -> set[int]:
    """Return the numbers of the lines that are a sign-off or the signature below it."""
    numbers: set[int] = set()
    for number, line in enumerate(lines):
        if _SIGN_OFF.match(line):
            numbers.add(number)
            for below in range(number + 1, min(number + 1 + LONGEST_SIGNATURE, len(lines))):
                text = lines[below]
                if len(text) > LONGEST_SIGNATURE_LINE or _starts_a_thread(lines, below):
                    break
                if not _is_afterthought(text):
                    numbers.add(below)
    return numbers


def _notices_at(lines: list[str]) -> set[int]:
    """Return the numbers of the lines of legal notices, each of which ends with its paragraph."""
    numbers: set[int] = set()
    for number, line in enumerate(lines):
        if _NOTICE.match(line) or (number - 1 in numbers and line.strip()):
            numbers.add(number)
    return numbers


def _starts_a_thread(lines: list[str], number: int) -> bool:
    return bool(_FORWARD.match(lines[number])) or _starts_a_quote(lines, number)


def _starts_a_quote(lines: list[str], number: int) -> bool:
    """Tell whether an earlier mail begins here, by its head or by the line above a reply."""
    line = lines[number]
    if _REPLY.match(line) or _ORIGINAL.match(line):
        return True
    if _SENDER.match(line):
        # At the very top it is the head of this mail, which may say what it is about.
        has_words_above = any(map(str.strip, lines[max(number - 3, 0) : number]))
        below = lines[number + 1 : number + _TOPIC_WITHIN]
        return has_words_above and any(map(_TOPIC.match, below))
    both = " ".join(lines[number : number + 2])
    return len(both) <= _LONGEST_REPLY_LINE and bool(_REPLY.match(both))


def _is_afterthought(line: str) -> bool:
    return bool(re.match(r"\s*p\.?\s?s\b", line, re.IGNORECASE)) or len(line.split()) > 7


def _merged(spans: list[Span]) -> tuple[Span, ...]:
    """Join spans of one field that touch or have only markup or a line break between them."""
    merged: list[Span] = []
    for span in spans:
        if merged and merged[-1].field == span.field and 0 <= span.start - merged[-1].end <= 2:
            merged[-1] = Span(span.field, merged[-1].start, span.end)
        else:
            merged.append(span)
    return tuple(merged)
