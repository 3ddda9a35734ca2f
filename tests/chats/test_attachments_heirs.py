"""Files of an account that is deleted stay where chats of others use them."""

import pytest
from django.contrib.admin.sites import site
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import User
from chats import messages, sharing
from chats.attachments import store_upload
from chats.branches import branch_off
from chats.models import Attachment, Conversation, Membership
from tests.chats.conftest import answer
from tests.chats.pages import make_conversation, read
from tests.conftest import make_user


@pytest.fixture
def chat(owner: User) -> Conversation:
    """A chat of the owner's."""
    return make_conversation(owner, title="Secret plans")


@pytest.fixture
def ben() -> User:
    """Somebody else."""
    return make_user("ben")


@pytest.fixture
def file(chat: Conversation, ben: User) -> Attachment:
    """What Ben attached in the owner's chat."""
    Membership.objects.create(conversation=chat, user=ben, role="writer")
    made = store_upload(user=ben, upload=SimpleUploadedFile("x.txt", b"hello"))
    posted = messages.post_message(conversation=chat, content="Hi", author=ben, attachments=[made])
    answer(posted.reply)
    return made


@pytest.mark.parametrize("how", ["row", "rows", "admin"])
def test_files_stay_in_chats_of_others(
    chat: Conversation,
    owner_client: Client,
    ben: User,
    file: Attachment,
    *,
    how: str,
    admin_user: User,
    rf: RequestFactory,
) -> None:
    draft = store_upload(user=ben, upload=SimpleUploadedFile("draft.txt", b"unsent"))
    own = make_conversation(ben)
    alone = store_upload(user=ben, upload=SimpleUploadedFile("own.txt", b"own"))
    messages.post_message(conversation=own, content="Hi", attachments=[alone, file])
    if how == "row":
        ben.delete()
    elif how == "rows":
        User.objects.filter(username__in=["ben", "nobody"]).delete()
    else:
        request = rf.post("/")
        request.user = admin_user
        site.get_model_admin(User).delete_model(request, ben)
    file.refresh_from_db()
    assert file.owner == chat.owner
    answered = owner_client.get(reverse("chats:attachment", args=[file.id]))
    assert read(answered) == b"hello"
    assert not Attachment.objects.filter(id__in=[draft.id, alone.id]).exists()


def test_files_stay_in_branches_and_links(chat: Conversation, ben: User, file: Attachment) -> None:
    amy = make_user("amy")
    chat.refresh_from_db()
    assert chat.current_leaf
    Membership.objects.create(conversation=chat, user=amy, role="reader")
    branch = branch_off(message=chat.current_leaf, user=amy)
    # Both at once: what is left is Amy's copy.
    User.objects.filter(id__in=[ben.pk, chat.owner_id]).delete()
    file.refresh_from_db()
    assert file.owner == amy
    link = sharing.create_link(owner=amy, conversation=branch)
    Attachment.objects.filter(id=file.id).update(owner=make_user("carl"))
    file.messages.clear()
    User.objects.get(username="carl").delete()
    found = sharing.find_file(link, file.id)
    assert found
    assert found.owner == amy
