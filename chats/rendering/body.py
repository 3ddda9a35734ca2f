"""The HTML that is committed: it only grows at the end, or inside the innermost open element."""

Op = tuple[str, ...]


class Body:
    """Committed HTML as a list of pieces, the elements still open, and the changes to report."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._open: list[tuple[int, str]] = []
        self._ops: list[tuple[str, list[str]]] = []

    def append(self, html: str) -> None:
        """Add HTML at the end of the innermost open element."""
        if not html:
            return
        self._parts.append(html)
        if self._ops and self._ops[-1][0] == "+":
            self._ops[-1][1].append(html)
        else:
            self._ops.append(("+", [html]))

    def descend(self, head: str, closing: str) -> None:
        """Add `head` and `closing` and go on between them; `head` ends with the open element."""
        self._open.append((len(self._parts), closing))
        self._parts.append(head)
        self._ops.append((">", [_marked(head), closing]))

    def ascend(self) -> None:
        """Close the innermost open element."""
        self._parts.append(self._open.pop()[1])
        self._ops.append(("<", []))

    def take_ops(self) -> list[Op]:
        """Changes since the last call."""
        ops, self._ops = self._ops, []
        return [(name, "".join(pieces)) if pieces else (name,) for name, pieces in ops]

    def html(self, tail: str = "") -> str:
        """All of it, closed, with `tail` in the innermost open element. O(length)."""
        return "".join(self._parts) + tail + self._closings()

    def marked(self) -> str:
        """All of it, closed; elements still open carry `data-open`. O(length)."""
        parts = self._parts.copy()
        for index, _ in self._open:
            parts[index] = _marked(parts[index])
        return "".join(parts) + self._closings()

    def _closings(self) -> str:
        return "".join(closing for _, closing in reversed(self._open))


def _marked(head: str) -> str:
    return f"{head.removesuffix('>')} data-open>"
