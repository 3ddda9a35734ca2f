"""Addresses of the sockets."""

from typing import Any, cast

from django.urls import path

from chats.consumers import ConversationConsumer

websocket_urlpatterns = [
    path("ws/c/<uuid:conversation_id>/", cast(Any, ConversationConsumer.as_asgi())),
]
