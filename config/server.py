"""The running server: daphne in this process, and a stop that saves running replies first.

Importing this module installs Twisted's reactor.
"""

import asyncio
import logging
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from autobahn.exception import Disconnected
from daphne.endpoints import build_endpoint_description_strings
from daphne.server import Server
from django.conf import settings
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults, maybeDeferred
from twisted.python.failure import Failure

from accounts.models import User
from chats import generation, reading, runner, transfers
from chats.exporting import exports
from chats.models import Transfer
from config import early_limit, flow
from config.asgi import application
from config.serving import StartError, find_address, page_address, why_not_listening
from providers import discovery, downloads, questions, schedule
from providers.clients import close_clients
from providers.connections import environment

logger = logging.getLogger(__name__)

LARGEST_FRAME = 64 * 1024
"""Bytes. A page only ever asks for a message by its id over the socket."""

SWITCH_INTERVAL = 0.0005
"""Seconds. Each step of a query gives up the interpreter and has to wait for it again: with the
default of 5 ms a page takes seconds while the event loop is busy with many replies."""


class SiteServer(Server):  # type: ignore[misc]  # Daphne has no types
    """Daphne's server, which says when it listens and stops in the right order."""

    def __init__(self, *, on_listening: Callable[[], None], **options: Any) -> None:
        super().__init__(application, **options)
        self.on_listening = on_listening
        self.failure: str | None = None
        self.ports: list[Any] = []

    def listen_success(self, port: Any) -> None:
        """Keep the port, to close it first when stopping."""
        super().listen_success(port)
        self.ports.append(port)
        self.on_listening()

    def listen_error(self, failure: Failure) -> None:
        """Another program took the port since `prepare` looked."""
        self.failure = why_not_listening(
            settings.HOST, settings.PORT, getattr(failure.value, "socketError", failure.value)
        )
        self.stop()

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """Send; that the visitor has just left, which is told a moment later, is no fault."""
        try:
            if message["type"] == "websocket.send":
                self._send_text(protocol, message)
            else:
                await self._send_answer(protocol, message)
        except Disconnected:
            logger.debug("Somebody left while being sent something.")

    async def _send_answer(self, protocol: Any, message: dict[str, Any]) -> None:
        """Send; of an answer in pieces the next one is asked for when this one has gone out."""
        is_body = message["type"] == "http.response.body"
        has_more = is_body and bool(message.get("more_body"))
        if has_more:
            flow.watch(protocol)
        elif is_body:
            flow.unwatch(protocol)
        await super().handle_reply(protocol, message)
        if has_more:
            await flow.drained(protocol)

    def application_checker(self) -> None:
        """Called every second. Cut off answers whose making failed before daphne answers anew."""
        for protocol, details in self.connections.items():
            task = details.get("application_instance")
            if task and task.done() and not task.cancelled() and task.exception():
                flow.cut_off(protocol)
        super().application_checker()

    def _send_text(self, protocol: Any, message: dict[str, Any]) -> None:
        """Send to a page. Autobahn holds what is sent to the limit of what may come in."""
        details = self.connections.get(protocol)
        if details is None or details.get("disconnected"):
            return
        limit, protocol.maxMessagePayloadSize = protocol.maxMessagePayloadSize, 0
        try:
            protocol.handle_reply(message)
        finally:
            protocol.maxMessagePayloadSize = limit

    def kill_all_applications(self) -> "Deferred[Any]":
        """Called once, before the reactor stops: no new visitors, then replies, then the rest."""
        loop = asyncio.get_event_loop()
        saved = Deferred.fromFuture(loop.create_task(self._save_replies()))
        saved.addErrback(_log_failure)
        closed = [maybeDeferred(port.stopListening) for port in self.ports]
        done: Deferred[Any] = gatherResults([saved, *closed])
        done.addErrback(_log_failure)
        done.addCallback(lambda _result: self._cancel_applications())
        return done

    async def _save_replies(self) -> None:
        await runner.shutdown(settings.SHUTDOWN_GRACE)
        questions.close()
        # The last frames are in the channels of the sockets, which need some turns to send them.
        for _turn in range(20):
            await asyncio.sleep(0.01)
        for task in _background:
            task.cancel()
        await close_clients()

    def _cancel_applications(self) -> "Deferred[Any]":
        running = [
            details["application_instance"]
            for details in self.connections.values()
            if "application_instance" in details and not details["application_instance"].done()
        ]
        for task in running:
            task.cancel()
        return Deferred.fromFuture(
            asyncio.ensure_future(asyncio.gather(*running, return_exceptions=True))
        )


def serve(say: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT. Raises `StartError` when the port is gone."""
    sys.setswitchinterval(SWITCH_INTERVAL)
    address = find_address(settings.HOST, settings.PORT)
    welcome = _welcome()
    # The lock says that there is no other process: whatever is under way now died with one.
    generation.interrupt_orphans(silent_for=timedelta(0))
    downloads.interrupt_orphans(silent_for=timedelta(0))
    reading.resume()
    transfers.resume(kind=Transfer.Kind.IMPORT)
    exports.interrupt_orphans()
    early_limit.install()
    server = SiteServer(
        on_listening=lambda: say(welcome),
        endpoints=build_endpoint_description_strings(host=address, port=settings.PORT),
        request_buffer_size=LARGEST_FRAME,
        websocket_max_message_size=LARGEST_FRAME,
        websocket_max_frame_size=LARGEST_FRAME,
        verbosity=0,
    )
    reactor.callWhenRunning(_begin)
    server.run()
    if server.failure:
        raise StartError(server.failure)
    say("Stopped.")


def _begin() -> None:
    """Make replies from now on, and learn in the background which models there are."""
    loop = asyncio.get_event_loop()
    runner.attach(loop)
    for work in (discovery.keep_looking(), schedule.keep_asking()):
        task = loop.create_task(work)
        _background.add(task)
        task.add_done_callback(_refreshed)


_background: "set[asyncio.Task[None]]" = set()
# The loop itself holds tasks weakly.


def _refreshed(task: "asyncio.Task[None]") -> None:
    _background.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("The providers' models could not be asked for", exc_info=error)


def _welcome() -> str:
    """The lines for whoever started the site: where it is, and what to do next."""
    lines = [f"Parley is ready at {page_address()}"]
    if not User.objects.exists():
        lines.append("  Open it and sign up: the first account becomes the administrator.")
    if not environment():
        lines.append(
            "  Set OPENAI_API_KEY, ANTHROPIC_API_KEY or OPENROUTER_API_KEY, run Ollama on this "
            "machine, or add a key in Settings, Providers; without any, a demo answers."
        )
    lines.append("  Ctrl+C stops it; replies that are being written are saved first.")
    return "\n".join(lines)


def _log_failure(failure: Failure) -> None:
    logger.error("The stop did not go as it should: %s", failure.getErrorMessage())
