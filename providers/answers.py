"""What the pages of the providers share: who may ask, and how they are answered."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers
from django_htmx.middleware import HtmxDetails

P = ParamSpec("P")


class PageRequest(HttpRequest):
    """A request of somebody who is signed in."""

    htmx: HtmxDetails


Page = Callable[Concatenate[PageRequest, P], HttpResponseBase]
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def page(*methods: str) -> Callable[[Page[P]], View[P]]:
    """A view for people who are signed in, answering `methods` only; kept by no cache.

    Others are sent to the sign-in page and come back; htmx, which would put that page into this
    one, gets 401.
    """

    def decorate(view: Page[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            asked = cast(PageRequest, request)
            if asked.user.is_authenticated:
                return view(asked, *args, **kwargs)
            if asked.htmx:
                return HttpResponse(status=401)
            return redirect_to_login(asked.get_full_path())

        varying = vary_on_headers("HX-Request", "Cookie")(never_cache(guarded))
        return require_http_methods(methods)(varying)

    return decorate


def is_administrator(request: PageRequest) -> bool:
    """Whether the site's own keys are theirs to change."""
    return bool(getattr(request.user, "is_superuser", False))
