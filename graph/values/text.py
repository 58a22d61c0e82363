"""Text as it is compared: letters folded for equality, and the characters that no text may hold."""

import re
import unicodedata

from .problem import Problem

_LINE_BREAKS = "\u2028\u2029"
_REFUSED_IN_LINE = re.compile(f"[\x00-\x1f\x7f-\x9f{_LINE_BREAKS}\ud800-\udfff]")
_REFUSED_IN_LINES = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]|\r(?!\n)")

# Letters of the scripts that are not Latin: Greek to Georgian, Indian, Chinese, Japanese, Korean, Arabic, Hebrew.
_OTHER_SCRIPT = re.compile(
    "[\u0370-\u1dbf\u2e80-\ua71f\ua800-\ud7ff\uf900-\ufaff\ufb1d-\ufdff\ufe70-\ufefc\U00020000-\U0003ffff]"
)

_ACCENTS = re.compile("[\u0300-\u036f]+")
_NO_LETTERS = re.compile("[^a-z0-9]+")
# Letters with a stroke or a tail are letters of their own to Unicode: no decomposition takes the stroke away.
_PLAIN_LETTERS = str.maketrans(
    dict(zip("øłđħŧ\u0131ðə", "oldhtide", strict=True)) | {"þ": "th", "æ": "ae", "œ": "oe", "&": " and "}
)
# Apostrophes of all kinds stand inside a word and do not part it: Hawai'i is Hawaii.
_APOSTROPHES = str.maketrans("", "", "'`\u2018\u2019\u02bb\u02bc\u02be\u02bf\u00b4\u2032")


def fold(text: str) -> str:
    """The text for comparison without regard to case (Unicode's case folding, composed): ÄB and äb become one."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def plain(text: str) -> str:
    """The text for finding a name: without case, accents, punctuation and doubled blanks (São Tomé: sao tome)."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFKD", text)))
    letters = text.translate(_APOSTROPHES).casefold().translate(_PLAIN_LETTERS)
    if letters.isascii():
        return _NO_LETTERS.sub(" ", letters).strip()
    # By category: to regular expressions the vowel signs of Indian and Thai writing are no letters.
    return " ".join("".join(" " if unicodedata.category(one)[0] in "CPSZ" else one for one in letters).split())


def is_blank(text: str) -> bool:
    """Whether there is nothing to be seen: no character but blanks, and those that only steer how others are shown."""
    return not text.strip() or (not text.isprintable() and all(unicodedata.category(one)[0] in "CZ" for one in text))


def is_latin(text: str) -> bool:
    """Whether the text has no letter of another script than the Latin one."""
    return text.isascii() or _OTHER_SCRIPT.search(text) is None


def refuse_controls(text: str, *, multiline: bool = False, field: str = "text") -> Problem | None:
    """A problem when the text holds a control character or half a surrogate pair, which no database stores alike.

    Text of several lines may hold tabs and line feeds, and the carriage return of a Windows line end.
    """
    found = (_REFUSED_IN_LINES if multiline else _REFUSED_IN_LINE).search(text)
    if found is None:
        return None
    code_point = ord(found.group())
    if 0xD800 <= code_point <= 0xDFFF:
        what = f"half a surrogate pair (U+{code_point:04X}), which is no character"
    elif not multiline and found.group() in f"\t\n\r{_LINE_BREAKS}":
        what = f"a line break or tab (U+{code_point:04X}), but only one line is expected"
    else:
        what = f"the control character U+{code_point:04X}"
    return Problem(
        field=field, code="invalid", message=f"The text holds {what} at position {found.start() + 1}: take it out."
    )


def without_controls(text: str) -> str:
    """The text of several lines with a replacement character for each that `refuse_controls` refuses."""
    return _REFUSED_IN_LINES.sub("\ufffd", text)
