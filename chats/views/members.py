"""Who takes part in a chat: inviting people, what they may do, removing them, leaving."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from chats.access import Right, conversation_or_404
from chats.members import (
    MOST,
    Role,
    add_member,
    change_role,
    members_of,
    remove_member,
    shared_with,
)
from chats.models import Conversation
from chats.spending import spending_of
from chats.views.answers import PageRequest, SeeOther, page, refuse


@page("GET", "HEAD", "POST")
def people(request: PageRequest, conversation_id: UUID) -> HttpResponse:
    """GET: who takes part, and for the owner what each of them cost. POST: invite somebody."""
    if request.method != "POST":
        return _page(request, conversation_or_404(request.user, conversation_id, Right.READ))
    conversation = conversation_or_404(request.user, conversation_id)
    who, role = request.POST.get("who", ""), request.POST.get("role", "")
    try:
        made = add_member(conversation=conversation, who=who, role=role, by=request.user)
    except ValidationError as error:
        entered = {"who": who, "role": role, "errors": error.messages}
        return _page(request, conversation, status=422, **entered)
    messages.success(request, _("%(name)s takes part now.") % {"name": made.user.username})
    return _to_people(conversation)


@page("POST")
def change(request: PageRequest, conversation_id: UUID, user_id: UUID) -> HttpResponse:
    """Let a member write, or only read."""
    conversation = conversation_or_404(request.user, conversation_id)
    membership = conversation.memberships.filter(user_id=user_id).first()
    if membership is None:
        raise Http404
    try:
        change_role(membership=membership, role=request.POST.get("role", ""))
    except ValidationError as error:
        return refuse(request, error, back=_to_people(conversation))
    messages.success(request, _("Saved."))
    return _to_people(conversation)


@page("POST")
def remove(request: PageRequest, conversation_id: UUID, user_id: UUID) -> HttpResponse:
    """Take a member out; what they wrote stays."""
    conversation = conversation_or_404(request.user, conversation_id)
    if not remove_member(conversation=conversation, user_id=user_id):
        raise Http404
    messages.success(request, _("Removed."))
    return _to_people(conversation)


@page("POST")
def leave(request: PageRequest, conversation_id: UUID) -> HttpResponse:
    """Take no part in somebody's chat any more."""
    conversation = conversation_or_404(request.user, conversation_id, Right.READ)
    if not remove_member(conversation=conversation, user_id=request.user.pk):
        raise Http404
    messages.success(request, _("You left “%(title)s”.") % {"title": conversation})
    return SeeOther(reverse("chats:shared_with_me"))


@page("GET", "HEAD")
def shared_with_me(request: PageRequest) -> HttpResponse:
    """All chats of others that one takes part in, in pages."""
    number = request.GET.get("page", "")[:5]
    found = shared_with(request.user, page=int(number) if number.isdecimal() else 1)
    return render(request, "chats/people_shared.html", {"shared": found})


def _to_people(conversation: Conversation) -> SeeOther:
    return SeeOther(reverse("chats:people", args=[conversation.id]))


def _page(
    request: PageRequest, conversation: Conversation, *, status: int = 200, **entered: Any
) -> HttpResponse:
    is_owner = conversation.owner_id == request.user.pk
    context = {
        "conversation": conversation,
        "is_owner": is_owner,
        "members": members_of(conversation),
        "roles": Role.choices,
        "most": MOST,
        "spent": spending_of(conversation) if is_owner else [],
        **entered,
    }
    return render(request, "chats/people.html", context, status=status)
