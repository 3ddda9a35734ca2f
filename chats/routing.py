"""Addresses of the sockets."""

from typing import Any, cast

from channels.security.websocket import WebsocketDenier
from django.urls import path, re_path

from accounts.consumers import UserConsumer
from chats.consumers import ConversationConsumer

websocket_urlpatterns = [
    path("ws/user/", cast(Any, UserConsumer.as_asgi())),
    path("ws/c/<uuid:conversation_id>/", cast(Any, ConversationConsumer.as_asgi())),
    # What is not an address of ours is refused like a stranger, not logged as a fault.
    re_path("", cast(Any, WebsocketDenier.as_asgi())),
]
