"""The site as one ASGI application: pages over HTTP, live replies over websockets.

Starts the runner of this process with the first connection, so that replies are made under any
ASGI server; `serve` starts it before.
"""

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django_application = get_asgi_application()

# These need the apps to be loaded.
from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402

from chats import runner  # noqa: E402
from chats.routing import websocket_urlpatterns  # noqa: E402
from config.limits import RequestSizeLimit  # noqa: E402
from config.sockets import SameOriginOnly  # noqa: E402

_protocols: Any = ProtocolTypeRouter(
    {
        "http": RequestSizeLimit(django_application),
        "websocket": SameOriginOnly(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))),
    }
)


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Serve one connection."""
    runner.attach()
    await _protocols(scope, receive, send)
