"""The preset that a new chat's address or its form names."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils.translation import gettext as _

from chats.access import preset_or_404
from chats.models import Preset
from chats.presets import check_usable
from chats.views.answers import PageRequest, parsed_id


def shown_preset(request: PageRequest) -> tuple[Preset | None, list[str]]:
    """The preset that the page of a new chat shows, or why it shows none although one was named.

    Raises Http404 for an address that names one that is not there.
    """
    try:
        if request.method == "POST":
            preset = posted_preset(request)
        else:
            preset_id = parsed_id(request.GET.get("preset"))
            preset = preset_or_404(request.user, preset_id) if preset_id else None
        if preset:
            check_usable(preset, user=request.user)
    except ValidationError as error:
        return None, error.messages
    return preset, []


def posted_preset(request: PageRequest) -> Preset | None:
    """The preset that the first message names. Raises ValidationError when it is not there."""
    named = request.POST.get("preset")
    if not named:
        return None
    try:
        return preset_or_404(request.user, parsed_id(named) or UUID(int=0))
    except Http404 as error:
        raise ValidationError(
            _("The preset is not there any more. Take it away, or choose another one."),
            code="no_preset",
        ) from error
