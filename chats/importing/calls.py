"""Which call of a tool a result belongs to, however many there are of both."""

from chats.importing.neutral import text


class Calls:
    """Gives each result to the last call of its id that has none; without an id, to the last."""

    def __init__(self) -> None:
        self._open: list[dict[str, str]] = []
        self._by_id: dict[str, list[dict[str, str]]] = {}

    def add(self, call: dict[str, str]) -> None:
        """Take one that may wait for its result."""
        if "result" not in call:
            self._open.append(call)
            self._by_id.setdefault(text(call.get("id")), []).append(call)

    def answer(self, id_: str, result: str) -> None:
        """Write it into its call; nothing happens when there is none."""
        waiting = self._by_id.get(id_, []) if id_ else self._open
        while waiting:
            call = waiting.pop()
            if "result" not in call:
                call["result"] = result
                return
