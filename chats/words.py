"""Cutting text into the words that search compares: the same for SQLite and PostgreSQL.

Words are in one case and without accents (NFKC, casefold). Scripts that put no spaces between words
are cut into characters, so that whatever is looked for in them is a phrase; so is Hangul, whose
words carry their particles. Words hold letters, digits, marks and symbols such as emoji only:
nothing that means anything in a query of either database. `_` is left for the index's own.
"""

import re
import unicodedata
from typing import Final

LONGEST: Final = 40
"""Characters of a word that count; what is longer (keys, hashes, data) is cut off."""

_ACCENTS: Final = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f"
    "\u0670\u06d6-\u06dc\u06df-\u06e4\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]+"
)
"""Marks that people leave out when they type: of Latin, Greek, Cyrillic, Hebrew and Arabic. Those
of other scripts are vowels, or make other letters."""
_SINGLE: Final = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),
    (0xAC00, 0xD7A3),  # Hangul
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)
_ALIKE: Final = {
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ħ": "h",
    "\u0131": "i",
    "æ": "ae",
    "œ": "oe",
    "\u0640": "",
}
_ASCII: Final = "".join(chr(n).lower() if chr(n).isalnum() else " " for n in range(128))


class _Pieces(dict[int, str]):
    """What stands for a character: itself, itself as a word of its own, a space, or nothing."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        category = unicodedata.category(character)
        if character in _ALIKE:
            piece = _ALIKE[character]
        elif any(first <= code <= last for first, last in _SINGLE):
            piece = f" {character} " if category[0] in "LMN" else " "
        elif category[0] in "LN" or category in ("Mn", "Mc"):
            piece = character
        elif category == "So":
            piece = f" {character} "
        else:
            # Joiners and soft hyphens stand within words; skin tones only change a symbol.
            piece = "" if category == "Cf" or 0x1F3FB <= code <= 0x1F3FF else " "
        self[code] = piece
        return piece


_pieces: Final = _Pieces()


def words_of(text: str) -> list[str]:
    """The words of a text, in order."""
    return [word[:LONGEST] for word in fold(text).split()]


def fold(text: str) -> str:
    """Words with spaces around them, otherwise as `words_of`; of any length."""
    if text.isascii():
        return text.translate(_ASCII)
    text = unicodedata.normalize("NFKC", text).casefold()
    text = _ACCENTS.sub("", unicodedata.normalize("NFKD", text))
    return unicodedata.normalize("NFC", text).translate(_pieces)


def is_single(word: str) -> bool:
    """Whether a word is a character of a script that is cut into characters."""
    return len(word) == 1 and any(first <= ord(word) <= last for first, last in _SINGLE)
