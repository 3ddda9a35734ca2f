"""Reading one line from the left, with tabs as CommonMark counts them, and what it can begin."""

import re

LONGEST_START = 2_000  # characters: what a line is, is decided by them at the latest
_TAB = 4
# Markers of containers, then text that no block but a paragraph, heading or table row begins with.
_SETTLED = re.compile(
    r"""
    (?: [ \t]* (?: > | [-+*](?=[ \t]) | \d{1,9}[.)](?=[ \t]) ) )* [ \t]*
    (?: [^\W\d_]                                  # a letter
      | [^\x00-\x7f]
      | ["'(){}!@%^&;,.?/<\]]
      | \[ (?! [ xX]? (?:\][ \t]*)? $ )           # not the beginning of a check box
      | \*+ [^\s*] | _+ [^\s_] | ~{1,2} [^\s~] | `{1,2} [^\s`]
      | [-+=:]+ [^\W_]
      | \$ [^$\s] | \\ [^\[]
      | \#{1,6} [ \t]+ [^\s#] | \#+ [^\s#]
      | \|+ [ \t]* [^\s|:-]
      | \d+ [^\d\s.)] | \d+ [.)] [^\s] | \d{10} | \d+ [ \t]+ \S
    )
    """,
    re.VERBOSE,
)
_SETTLED_IN_FENCE = re.compile(r"[ \t]*[^\s`~]")


def is_settled(beginning: str, *, in_fence: bool) -> bool:
    """Whether the rest of a line cannot change what block its beginning belongs to.

    `in_fence` is for fenced code outside of all containers, where nearly everything is code.
    Errs on the side of waiting: what is not settled is decided when the line is complete.
    """
    return (_SETTLED_IN_FENCE if in_fence else _SETTLED).match(beginning) is not None


class Line:
    """A cursor over a line. `look` finds the next character that is no space."""

    __slots__ = (
        "_in_tab",
        "_next",
        "_next_column",
        "blank",
        "column",
        "indent",
        "position",
        "text",
    )

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.column = 0
        self._in_tab = False
        self.look()

    def look(self) -> None:
        """Set `indent` (columns to the next character) and `blank`."""
        index, column = self.position, self.column
        while index < len(self.text) and (char := self.text[index]) in " \t":
            column += _TAB - column % _TAB if char == "\t" else 1
            index += 1
        self._next, self._next_column = index, column
        self.indent = column - self.column
        self.blank = index >= len(self.text)

    @property
    def char(self) -> str:
        """The next character that is no space, or nothing at the end."""
        return self.text[self._next : self._next + 1]

    @property
    def content(self) -> str:
        """What follows, without the space before it."""
        return self.text[self._next :]

    @property
    def at_space(self) -> bool:
        """Whether a space or tab stands at the cursor."""
        return self.text[self.position : self.position + 1] in (" ", "\t")

    def rest(self) -> str:
        """What follows, space included; what is left of a tab becomes spaces."""
        if self._in_tab:
            return " " * (_TAB - self.column % _TAB) + self.text[self.position + 1 :]
        return self.text[self.position :]

    def skip_space(self) -> None:
        """Go to the next character that is no space."""
        self.position, self.column, self._in_tab = self._next, self._next_column, False
        self.look()

    def skip(self, columns: int) -> None:
        """Advance by columns, if need be into the middle of a tab."""
        while columns > 0 and self.position < len(self.text):
            width = _TAB - self.column % _TAB if self.text[self.position] == "\t" else 1
            self._in_tab = width > columns
            step = min(width, columns)
            self.column += step
            self.position += 0 if self._in_tab else 1
            columns -= step
        self.look()
