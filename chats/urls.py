"""Addresses of the chats' pages."""

from django.urls import path

from chats.views import (
    actions,
    archive,
    comparing,
    conversations,
    messages,
    models,
    pages,
    ratings,
    temporary,
    uploads,
)

app_name = "chats"
urlpatterns = [
    path("", pages.new_chat, name="new"),
    path("c/", pages.start, name="start"),
    path("c/<uuid:conversation_id>/", pages.conversation, name="conversation"),
    path("c/<uuid:conversation_id>/messages/", pages.messages, name="messages"),
    path("c/<uuid:conversation_id>/seen/", conversations.seen, name="seen"),
    path("c/<uuid:conversation_id>/rename/", conversations.rename, name="rename"),
    path("c/<uuid:conversation_id>/delete/", conversations.delete, name="delete"),
    path("c/<uuid:conversation_id>/restore/", conversations.restore, name="restore"),
    path("c/<uuid:conversation_id>/stay/", temporary.stay, name="stay"),
    path("c/<uuid:conversation_id>/keep/", temporary.keep, name="keep"),
    path("c/<uuid:conversation_id>/end/", temporary.end, name="end"),
    path("c/<uuid:conversation_id>/pin/", archive.pin, name="pin"),
    path("c/<uuid:conversation_id>/unpin/", archive.unpin, name="unpin"),
    path("c/<uuid:conversation_id>/archive/", archive.put_away, name="put-away"),
    path("c/<uuid:conversation_id>/unarchive/", archive.bring_back, name="bring-back"),
    path("c/<uuid:conversation_id>/settings/", conversations.change_settings, name="settings"),
    path("c/<uuid:conversation_id>/model/", conversations.change_model, name="model"),
    path("m/<uuid:message_id>/", messages.message, name="message"),
    path("m/<uuid:message_id>/footer/", messages.footer, name="footer"),
    path("m/<uuid:message_id>/raw/", messages.raw, name="raw"),
    path("m/<uuid:message_id>/stop/", messages.stop, name="stop"),
    path("m/<uuid:message_id>/stop-all/", comparing.stop_all, name="stop_all"),
    path("m/<uuid:message_id>/choose/", comparing.choose, name="choose"),
    path("m/<uuid:message_id>/retry/", messages.retry, name="retry"),
    path("m/<uuid:message_id>/regenerate/", messages.regenerate, name="regenerate"),
    path("m/<uuid:message_id>/continue/", messages.resume, name="continue"),
    path("m/<uuid:message_id>/edit/", messages.edit, name="edit"),
    path("m/<uuid:message_id>/switch/", messages.switch, name="switch"),
    path("m/<uuid:message_id>/more/", actions.more, name="more"),
    path("m/<uuid:message_id>/delete/", actions.delete, name="delete_from"),
    path("m/<uuid:message_id>/rating/", ratings.rate, name="rate"),
    path("m/<uuid:message_id>/branch/", actions.branch, name="branch"),
    path("models/", models.models, name="models"),
    path("sidebar/", pages.sidebar, name="sidebar"),
    path("archive/", archive.archive, name="archive"),
    path("attachments/", uploads.upload, name="upload"),
    path("attachments/<uuid:attachment_id>/", uploads.attachment, name="attachment"),
    path("attachments/<uuid:attachment_id>/delete/", uploads.discard, name="discard"),
    path(
        "attachments/<uuid:attachment_id>/state/", uploads.attachment_state, name="attachment_state"
    ),
    path("attachments/<uuid:attachment_id>/text/", uploads.attachment_text, name="attachment_text"),
    path("attachments/<uuid:attachment_id>/thumbnail/", uploads.thumbnail, name="thumbnail"),
]
