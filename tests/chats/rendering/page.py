"""What a page does with patches, without a DOM: the stack of open elements as strings."""

from collections.abc import Callable, Iterator

from chats.rendering import IncrementalRenderer, Patch


class Page:
    """Applies patches as the browser does; `html` is what is on screen."""

    def __init__(self) -> None:
        self._stack = [["", ""]]
        self._tail = ""

    def apply(self, patch: Patch) -> None:
        """One frame."""
        for name, *html in patch.ops:
            if name == "+":
                self._stack[-1][0] += html[0]
            elif name == ">":
                before, after = html[0].split(" data-open>")
                self._stack.append([f"{before}>", after])
            elif name == "<":
                before, after = self._stack.pop()
                self._stack[-1][0] += before + after
            else:
                self._stack = [[html[0], ""]]
        self._tail = patch.tail

    @property
    def html(self) -> str:
        """The whole body."""
        html = self._tail
        for before, after in reversed(self._stack):
            html = before + html + after
        return html


def stream(
    text: str, size: int = 1, every: int = 1, watch: Callable[[IncrementalRenderer], object] = id
) -> str:
    """Render in pieces of `size` characters with a frame after `every` pieces; the page's HTML.

    Checks at each frame that the page shows what the renderer says.
    """
    renderer, page = IncrementalRenderer(), Page()
    for number, piece in enumerate(pieces(text, size), 1):
        renderer.feed(piece)
        if number % every == 0:
            page.apply(renderer.frame())
            assert page.html == renderer.html
            watch(renderer)
    page.apply(renderer.finish())
    assert page.html == renderer.html == renderer.committed
    return page.html


def pieces(text: str, size: int) -> Iterator[str]:
    """The text in pieces."""
    for start in range(0, len(text), size):
        yield text[start : start + size]


def shown_after(text: str) -> str:
    """What is on screen while a reply has got this far."""
    renderer = IncrementalRenderer()
    renderer.feed(text)
    renderer.frame()
    return renderer.html
