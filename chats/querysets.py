"""Reads of conversations, messages and attachments, and who may have them. No writes."""

from datetime import timedelta
from enum import IntEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.apps import apps
from django.db import connections, models
from django.utils import timezone

if TYPE_CHECKING:
    from accounts.models import User
    from chats.models import (  # noqa: F401  named in strings
        Attachment,
        Conversation,
        LibraryEntry,
        Message,
    )


class Right(IntEnum):
    """What somebody may do with a conversation; each includes those before it."""

    READ = 1
    WRITE = 2
    OWN = 3


def _opened_by(user: "User", right: Right, *, to: str = "") -> models.Q:
    """What a conversation must be for `user` to have `right`; `to` leads there from the row.

    Deleted ones are nobody's. Nobody writes at the expense of an owner whose account is locked.
    """
    present = models.Q(**{f"{to}deleted_at": None})
    owned = models.Q(**{f"{to}owner": user})
    if right >= Right.OWN:
        return present & owned
    memberships = apps.get_model("chats", "Membership")._default_manager.filter(
        user=user, conversation=models.OuterRef(f"{to}pk")
    )
    if right >= Right.WRITE:
        memberships = memberships.filter(role="writer", conversation__owner__is_active=True)
    shared = models.Q(models.Exists(memberships), **{f"{to}is_temporary": False})
    return present & (owned | shared)


class ConversationQuerySet(models.QuerySet["Conversation"]):
    """Reads of conversations."""

    def for_user(self, user: "User") -> "ConversationQuerySet":
        """Those of `user`; deleted ones are not among them."""
        return self.open_to(user, Right.OWN)

    def open_to(self, user: "User", right: Right) -> "ConversationQuerySet":
        """Those with which `user` may do that: own ones, and as a member others'."""
        return self.filter(_opened_by(user, right))

    def deleted_by(self, user: "User") -> "ConversationQuerySet":
        """Those that `user` deleted and can still bring back."""
        return self.filter(owner=user, deleted_at__isnull=False)

    def listed(self) -> "ConversationQuerySet":
        """Those that the sidebar shows: all but archived and temporary ones."""
        return self.filter(archived_at__isnull=True, is_temporary=False)

    def pinned(self, count: int) -> "ConversationQuerySet":
        """The newest `count` of the pinned ones, in the order of the sidebar."""
        return self.filter(is_pinned=True).newest_first()[:count]

    def archived(self) -> "ConversationQuerySet":
        """Those put into the archive, last archived first."""
        archived = self.filter(archived_at__isnull=False, is_temporary=False)
        return archived.order_by("-archived_at", "-id")

    def newest_ids_in(self, folder_ids: list[UUID], count: int) -> list[UUID]:
        """Ids of the newest `count` of each folder that lists show, but pinned ones. One query.

        Each folder costs one walk along an index, however much is in it.
        """
        if not folder_ids:
            return []
        table = self.model._meta.db_table
        one = f"""
            SELECT id FROM (
                SELECT id FROM {table} WHERE folder_id = %s AND archived_at IS NULL
                AND deleted_at IS NULL AND NOT is_temporary AND NOT is_pinned
                ORDER BY updated_at DESC, id DESC LIMIT %s
            ) AS newest
        """  # noqa: S608  the table's name is ours, the values are bound
        key = self.model._meta.pk
        params: list[Any] = []
        for folder_id in folder_ids:
            params += [key.get_db_prep_value(folder_id, connections[self.db]), count]
        with connections[self.db].cursor() as cursor:
            cursor.execute(" UNION ALL ".join([one] * len(folder_ids)), params)
            return [key.to_python(row[0]) for row in cursor.fetchall()]

    def newest_first(self) -> "ConversationQuerySet":
        """In the order of the sidebar."""
        return self.order_by("-updated_at", "-id")

    def recent_models(self, count: int, *, among: int = 100) -> list[str]:
        """The last different `provider/model` of the newest `among`. One query, by the index."""
        kept = self.filter(is_temporary=False).exclude(provider="")
        rows = kept.newest_first().values_list("provider", "model")[:among]
        return list(dict.fromkeys(f"{provider}/{model}" for provider, model in rows))[:count]


class MessageQuerySet(models.QuerySet["Message"]):
    """Reads of message trees. A path is walked by one recursive query, never row by row."""

    def for_user(self, user: "User") -> "MessageQuerySet":
        """Those in conversations of `user`."""
        return self.open_to(user, Right.OWN)

    def open_to(self, user: "User", right: Right) -> "MessageQuerySet":
        """Those in conversations with which `user` may do that."""
        return self.filter(_opened_by(user, right, to="conversation__"))

    def live(self) -> "MessageQuerySet":
        """Replies that are being made, or whose process died."""
        return self.filter(status__in=self.model.LIVE)

    def path_to(self, leaf_id: UUID, *, limit: int | None = None) -> list["Message"]:
        """Messages from the root to `leaf_id`, oldest first; with `limit`, only the last ones.

        One query, whose cost grows with what is returned, not with the conversation.
        """
        table = self.model._meta.db_table
        bound = "WHERE path.depth < %s" if limit is not None else ""
        sql = f"""
            WITH RECURSIVE path(id, parent_id, depth) AS (
                SELECT id, parent_id, 1 FROM {table} WHERE id = %s
                UNION ALL
                SELECT up.id, up.parent_id, path.depth + 1
                FROM {table} up JOIN path ON up.id = path.parent_id {bound}
            )
            SELECT {table}.* FROM {table} JOIN path ON path.id = {table}.id
            ORDER BY path.depth DESC
        """  # noqa: S608  the table's name is ours, the values are bound
        params: list[Any] = [self._prepared(leaf_id)]
        if limit is not None:
            params.append(limit)
        return list(self.raw(sql, params))

    def ids_to(self, leaf_id: UUID) -> list[UUID]:
        """Ids from `leaf_id` up to the root: of long paths without their texts. One query."""
        table = self.model._meta.db_table
        sql = f"""
            WITH RECURSIVE path(id, parent_id, depth) AS (
                SELECT id, parent_id, 1 FROM {table} WHERE id = %s
                UNION ALL
                SELECT up.id, up.parent_id, path.depth + 1
                FROM {table} up JOIN path ON up.id = path.parent_id
            )
            SELECT id FROM path ORDER BY depth
        """  # noqa: S608  the table's name is ours, the value is bound
        with connections[self.db].cursor() as cursor:
            cursor.execute(sql, [self._prepared(leaf_id)])
            rows = cursor.fetchall()
        return [self.model._meta.pk.to_python(row[0]) for row in rows]

    def turns_to(self, leaf_id: UUID) -> tuple[int, str]:
        """How many turns that have ended lead to `leaf_id`, and when the last one ended. One query.

        The moment is in the database's own words; empty when none has one.
        """
        table = self.model._meta.db_table
        sql = f"""
            WITH RECURSIVE path(id, parent_id) AS (
                SELECT id, parent_id FROM {table} WHERE id = %s
                UNION ALL
                SELECT up.id, up.parent_id FROM {table} up JOIN path ON up.id = path.parent_id
            )
            SELECT COUNT(*), MAX(turn.finished_at) FROM path JOIN {table} turn ON turn.id = path.id
            WHERE turn.role IN ('user', 'assistant') AND turn.status NOT IN ('pending', 'streaming')
        """  # noqa: S608  the table's name is ours, the value is bound
        with connections[self.db].cursor() as cursor:
            cursor.execute(sql, [self._prepared(leaf_id)])
            count, newest = cursor.fetchone()
        return count, str(newest or "")

    def newest_leaf_below(self, message_id: UUID) -> UUID:
        """Follow the newest child from `message_id` down to a leaf. One query."""
        table = self.model._meta.db_table
        sql = f"""
            WITH RECURSIVE descent(id, depth) AS (
                SELECT id, 0 FROM {table} WHERE id = %s
                UNION ALL
                SELECT (SELECT child.id FROM {table} child WHERE child.parent_id = descent.id
                        ORDER BY child.created_at DESC, child.id DESC LIMIT 1), depth + 1
                FROM descent WHERE descent.id IS NOT NULL
            )
            SELECT id FROM descent WHERE id IS NOT NULL ORDER BY depth DESC LIMIT 1
        """  # noqa: S608  the table's name is ours, the value is bound
        with connections[self.db].cursor() as cursor:
            cursor.execute(sql, [self._prepared(message_id)])
            row = cursor.fetchone()
        return self.model._meta.pk.to_python(row[0]) if row else message_id

    def ids_below(self, message_id: UUID) -> list[UUID]:
        """Ids of a message and of all that hangs on it, parents before children. One query."""
        table = self.model._meta.db_table
        sql = f"""
            WITH RECURSIVE below(id, depth) AS (
                SELECT id, 0 FROM {table} WHERE id = %s
                UNION ALL
                SELECT child.id, below.depth + 1
                FROM {table} child JOIN below ON child.parent_id = below.id
            )
            SELECT id FROM below ORDER BY depth
        """  # noqa: S608  the table's name is ours, the value is bound
        with connections[self.db].cursor() as cursor:
            cursor.execute(sql, [self._prepared(message_id)])
            rows = cursor.fetchall()
        return [self.model._meta.pk.to_python(row[0]) for row in rows]

    def sibling_ids(self, messages: list["Message"]) -> dict[UUID, list[UUID]]:
        """For each message the ids of all that answer the same parent, oldest first. One query."""
        if not messages:
            return {}
        parents = {m.parent_id for m in messages}
        condition = models.Q(parent_id__in=[p for p in parents if p])
        if None in parents:
            condition |= models.Q(
                parent=None, conversation_id__in={m.conversation_id for m in messages}
            )
        groups: dict[tuple[Any, UUID | None], list[UUID]] = {}
        rows = (
            self.model._default_manager.filter(condition)
            .order_by("created_at", "id")
            .values_list("conversation_id", "parent_id", "id")
        )
        for conversation_id, parent_id, message_id in rows:
            groups.setdefault((conversation_id, parent_id), []).append(message_id)
        return {m.id: groups[m.conversation_id, m.parent_id] for m in messages}

    def _prepared(self, message_id: UUID) -> Any:
        """The id as this database's driver takes it."""
        return self.model._meta.pk.get_db_prep_value(message_id, connections[self.db])


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    """Reads of attachments."""

    def for_user(self, user: "User") -> "AttachmentQuerySet":
        """Those that `user` uploaded."""
        return self.filter(owner=user)

    def readable_by(self, user: "User") -> "AttachmentQuerySet":
        """Those that `user` uploaded, and those of messages that `user` may read."""
        messages = apps.get_model("chats", "Message")._default_manager
        read = messages.open_to(user, Right.READ).filter(attachments=models.OuterRef("pk"))
        return self.filter(models.Q(owner=user) | models.Exists(read))

    def unused(self) -> "AttachmentQuerySet":
        """Those that no message and no shared link uses."""
        return self.filter(messages=None, shared_links=None)

    def abandoned(self, *, older_than: timedelta) -> "AttachmentQuerySet":
        """Never sent, or left behind by what was deleted, for longer than `older_than`."""
        return self.unused().filter(created_at__lt=timezone.now() - older_than)

    def with_text(self) -> "AttachmentQuerySet":
        """Together with their texts, which may have a million characters each."""
        return self.defer(None)

    def to_be_read(self, *, silent_for: timedelta) -> "AttachmentQuerySet":
        """Waiting, or left by a process that said nothing for `silent_for`. Oldest first."""
        limit = timezone.now() - silent_for
        waiting = models.Q(heartbeat_at=None) | models.Q(heartbeat_at__lt=limit)
        return self.filter(waiting, state=self.model.State.READING).order_by("created_at", "id")


_AttachmentManager = models.Manager.from_queryset(AttachmentQuerySet)


class AttachmentManager(_AttachmentManager["Attachment"]):
    """Leaves texts in the database: who wants one says so, or reads it from its own row."""

    def get_queryset(self) -> AttachmentQuerySet:
        """All, without their texts."""
        return AttachmentQuerySet(self.model, using=self._db).defer("text")


class LibraryQuerySet(models.QuerySet["LibraryEntry"]):
    """Reads of templates and presets."""

    def for_user(self, user: "User") -> "LibraryQuerySet":
        """Those that `user` may use: own ones, and what others share."""
        return self.filter(models.Q(owner=user) | models.Q(is_shared=True))

    def owned_by(self, user: "User") -> "LibraryQuerySet":
        """Those that `user` may change."""
        return self.filter(owner=user)

    def own_first(self, user: "User") -> "LibraryQuerySet":
        """With `is_others`: those of `user`, then those of others that were changed last."""
        no, yes = models.Value(False), models.Value(True)
        is_others = models.Case(models.When(owner=user, then=no), default=yes)
        return self.annotate(is_others=is_others).order_by("is_others", "-updated_at")
