"""The files of imported messages: through the same checks as uploads, or left out and counted."""

import zipfile
import zlib
from collections.abc import Callable
from typing import IO, Final
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import TemporaryUploadedFile

from accounts.models import User
from chats.attachments import clean_file_name, store_upload
from chats.importing import facts
from chats.importing.archive import Archive
from chats.importing.call import Spool
from chats.importing.neutral import FoundFile
from chats.models import Attachment

_CHUNK: Final = 1 << 18
_TROUBLE: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError)


class Keeper:
    """Makes attachments of the files of one conversation, each once.

    `shared` are those that other conversations of this import have, by their places.
    """

    def __init__(
        self,
        *,
        user: User,
        archive: Archive | None,
        spool: Spool,
        shared: dict[tuple[str, str], UUID],
    ) -> None:
        self._user = user
        self._archive = archive
        self._spool = spool
        self._shared = shared
        self._made: dict[tuple[str, str], Attachment] = {}
        self.missing: list[str] = []
        """Names of those that are not there, or are not taken."""

    def keep(self, file: FoundFile) -> Attachment | None:
        """The attachment, which has no message yet; None where there can be none."""
        place = (file.path, file.key)
        if place in self._made:
            return self._made[place]
        if place in self._shared:
            known = Attachment.objects.select_for_update().filter(id=self._shared[place])
            if found := known.first():
                return found
        attachment = self._store(file)
        if attachment is None:
            self.missing.append(clean_file_name(file.name))
        else:
            self._made[place] = attachment
        return attachment

    def settle(self) -> None:
        """The conversation is stored: others may share its files."""
        self._shared.update({place: made.id for place, made in self._made.items()})

    def give_up(self) -> None:
        """The conversation was not stored: nor shall its files be."""
        for attachment in self._made.values():
            for field in (attachment.file, attachment.reduced, attachment.thumbnail):
                field.delete(save=False)
        self._made.clear()

    def _store(self, file: FoundFile) -> Attachment | None:
        name = clean_file_name(file.name)
        with TemporaryUploadedFile(name, None, 0, None) as upload:
            size = self._copy(file, upload.write)
            if not size:
                return None
            upload.size = size
            upload.seek(0)
            try:
                stored = store_upload(user=self._user, upload=upload, is_draft=False)
            except ValidationError:
                return None
        if created_at := facts.when(file.created_at, latest=stored.created_at):
            stored.created_at = created_at
            stored.save(update_fields=["created_at"])
        return stored

    def _copy(self, file: FoundFile, write: Callable[[bytes], object]) -> int:
        """How much was copied; 0 for what is missing, broken or too large."""
        if file.key:
            found = self._spool.open(file.key)
            return _copy(found[0], write, length=found[1]) if found else 0
        if not file.path or self._archive is None or file.path not in self._archive.entries:
            return 0
        length = self._archive.entries[file.path].file_size
        if length > settings.MAX_UPLOAD_SIZE:
            return 0
        try:
            with self._archive.open(file.path) as entry:
                return _copy(entry, write, length=length)
        except _TROUBLE:
            return 0


def _copy(source: IO[bytes], write: Callable[[bytes], object], *, length: int) -> int:
    left = length
    while left and (chunk := source.read(min(_CHUNK, left))):
        write(chunk)
        left -= len(chunk)
    return length - left
