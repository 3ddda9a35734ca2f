"""The language of each answer."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.decorators import sync_only_middleware

from accounts.models import User
from accounts.preferences import chosen_language

GetResponse = Callable[[HttpRequest], HttpResponseBase]


@sync_only_middleware
def user_language(get_response: GetResponse) -> GetResponse:
    """Answer people who chose a language in it.

    For all others Django's own LocaleMiddleware, further out, has taken the browser's. Nobody is
    looked up for a visitor without a session.
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        language = chosen_language(request.user) if isinstance(request.user, User) else ""
        if not language:
            return get_response(request)
        with translation.override(language):
            request.LANGUAGE_CODE = translation.get_language() or language
            response = get_response(request)
        response.headers["Content-Language"] = request.LANGUAGE_CODE
        return response

    return answer
