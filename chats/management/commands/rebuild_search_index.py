"""Write the index of search anew."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from chats import indexing
from chats.models import Conversation


class Command(BaseCommand):
    """For an index that is damaged, or was written by other rules. The site may go on meanwhile."""

    help = "Index the titles and messages of all chats anew; until it ends only a part is found."

    def add_arguments(self, parser: CommandParser) -> None:
        """What is there may be kept."""
        parser.add_argument(
            "--missing",
            action="store_true",
            help="only what is not indexed, as the site itself does",
        )

    def handle(self, *args: Any, missing: bool = False, **options: Any) -> None:
        """Empty the index, then fill it in steps."""
        if not missing:
            indexing.forget_all()
        done, wanted = 0, Conversation.objects.filter(indexing.missing_chats()).count()
        while count := indexing.catch_up():
            done += count
            self.stdout.write(f"{min(done, wanted)} of {wanted} chats", ending="\r")
            self.stdout.flush()
        indexing.erase_words()
        self.stdout.write(f"Done: {done} chats are indexed.")
