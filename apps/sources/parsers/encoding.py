"""Which letters the bytes of a feed stand for, whatever its prolog claims."""

from __future__ import annotations

import codecs
import re

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
PROLOG = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._\-]{1,40})["']""")
CYRILLIC = ("windows-1251", "koi8-r")
# The commonest lower-case letters: text read in the wrong Cyrillic table turns them into capitals or rare letters.
COMMON = frozenset("оеаинтсрвлкмд")
HIGH = re.compile(rb"[\x80-\xff]+")
MANGLED = "�"


def decode(content: bytes, *, charset: str = "") -> str:
    """Turn bytes into text by mark, by UTF-8's own shape, by prolog, by the HTTP charset, then by guess."""
    for mark, name in BOMS:
        if content.startswith(mark):
            content = content[len(mark) :]
            if (text := _as_marked(content, name)) is not None:
                return text
            break  # the mark lies; so may the rest
    if wide := _wide(content):
        return content.decode(wide, errors="replace")
    try:
        return content.decode("utf-8")  # other tables almost never look like UTF-8, so it wins over a lying prolog
    except UnicodeDecodeError:
        pass
    for declared in (_known(_prolog(content)), _known(charset)):
        if declared and declared != "utf-8" and not declared.startswith(("utf-16", "utf-32")):
            return _read(content, declared)
    text = content.decode("utf-8", errors="replace")
    high_bytes = sum(len(run) for run in HIGH.findall(content))
    if text.count(MANGLED) <= max(3, high_bytes // 50):
        return text  # UTF-8 with a scratch
    return content.decode(_guess(content, high_bytes), errors="replace")


def _as_marked(content: bytes, name: str) -> str | None:
    """The text in the table that a byte order mark names, or None where that gives no document."""
    text = content.decode(name, errors="replace")
    if name == "utf-8":
        high_bytes = sum(len(run) for run in HIGH.findall(content))
        return text if text.count(MANGLED) <= max(3, high_bytes // 50) else None
    return text if "<" in text[:500] or "{" in text[:500] else None


def _wide(content: bytes) -> str:
    """Two bytes a letter, by how a document begins where it does so."""
    head = content[:200]
    start = len(head) - len(head.lstrip(b" \t\r\n\x00"))
    if head[start : start + 1] not in {b"<", b"{"} or b"\x00" not in head[: start + 4]:
        return ""
    before, after = head[max(start - 3, 0) : start], head[start + 1 : start + 4]
    if start % 2:
        return "utf-32-be" if before == b"\x00\x00\x00" and start % 4 == 3 else "utf-16-be"
    return "utf-32-le" if after == b"\x00\x00\x00" else "utf-16-le"


def _prolog(content: bytes) -> str:
    found = PROLOG.match(content[:400])
    return found.group(1).decode("ascii") if found else ""


def _known(name: str) -> str:
    try:
        return codecs.lookup(name).name if name else ""
    except LookupError:
        return ""


def _read(content: bytes, declared: str) -> str:
    """Read in the declared table, or in a Cyrillic one where that gives far more ordinary Russian."""
    if declared in {"iso8859-1", "cp1252"}:
        # Servers send it where nobody chose anything; a text of mostly high letters is no Western one.
        declared = _guess(content, sum(len(run) for run in HIGH.findall(content)))
    text = content.decode(declared, errors="replace")
    names = {codecs.lookup(name).name: name for name in CYRILLIC}
    if declared in names:
        other = next(name for name in names if name != declared)
        rival = content.decode(other, errors="replace")
        if _ordinary(rival) > 3 * _ordinary(text):
            return rival
    return text


def _guess(content: bytes, high_bytes: int) -> str:
    letters = sum(chunk.isalpha() for chunk in (bytes([byte]) for byte in content[:20_000]))
    if high_bytes * 3 < letters:
        return "windows-1252"
    return max(CYRILLIC, key=lambda name: _ordinary(content.decode(name, errors="replace")))


def _ordinary(text: str) -> int:
    return sum(letter in COMMON for letter in text)
