"""Which addresses a connection that a user set may reach (defence against request forgery).

`checked_url` looks at the text of a base URL. `vetted_addresses` resolves its host and refuses
every address that is neither public nor opened by PROVIDER_ALLOW_PRIVATE or PROVIDER_ALLOWED_HOSTS;
the connection is then made to the vetted address itself, so that a name cannot point elsewhere the
second time (`providers.guarded_transport`). Both refuse the ports of services that speak no HTTP,
unless PROVIDER_ALLOWED_HOSTS names the host with that port.
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from providers.addresses import IPAddress, is_forbidden, is_public
from providers.errors import AddressRefusedError, NetworkError
from providers.ports import BAD_PORTS

MAX_URL_LENGTH = 500
_URL_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/\[\]%+]+")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?\.?|[0-9A-Fa-f:.]+")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")


def checked_url(url: str) -> str:
    """The base URL without a slash at its end. Raises `AddressRefusedError` with a reason.

    Looks at the text only: whether a name is public shows when it is called.
    """
    if len(url) > MAX_URL_LENGTH or not _URL_CHARACTERS.fullmatch(url):
        raise AddressRefusedError(_("The address contains characters that it may not contain."))
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise AddressRefusedError(_("The address is not a valid URL.")) from error
    if parts.scheme not in ("http", "https"):
        raise AddressRefusedError(_("The address must begin with http:// or https://."))
    if not host or port == 0 or not _HOST.fullmatch(host):
        raise AddressRefusedError(_("The address names no valid host."))
    port = host_of(url)[2]
    # Which address a name leads to, and so which network's entry counts, shows when it is called.
    if not any(entry.port == port for entry in settings.PROVIDER_ALLOWED_HOSTS):
        _check_port(port)
    _check_number(host, port)
    return url.rstrip("/")


def _check_number(host: str, port: int) -> None:
    """Refuse a host that is a private address, or one in a notation that hides what it is."""
    try:
        address = ipaddress.ip_address(host.rstrip("."))
    except ValueError:
        if _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
            raise AddressRefusedError(_("The address names no valid host.")) from None
        return
    _check_address(host, port, address)


def _check_address(host: str, port: int, address: IPAddress) -> None:
    """Raise `AddressRefusedError`, with a sentence that tells what can be done."""
    opening = [e for e in settings.PROVIDER_ALLOWED_HOSTS if e.covers(host, port, address)]
    if not any(entry.port == port for entry in opening):
        _check_port(port)
    if not is_refused(address):
        return
    if is_forbidden(address):
        raise AddressRefusedError(
            _("“%(host)s” leads to an address that is never called.") % {"host": host}
        )
    if not opening:
        shown = f"[{host}]" if ":" in host else host
        raise AddressRefusedError(
            _(
                "“%(host)s” is inside this site's own network. The administrator can allow it by "
                "adding %(entry)s to PROVIDER_ALLOWED_HOSTS."
            )
            % {"host": host, "entry": f"{shown}:{port}"}
        )


def _check_port(port: int) -> None:
    """Raise `AddressRefusedError` for one where no HTTP is expected."""
    if port in BAD_PORTS:
        text = _("Port %(port)d belongs to another kind of service: no provider is called there.")
        raise AddressRefusedError(text % {"port": port})


def host_of(url: str) -> tuple[str, str, int]:
    """Scheme, host and port: what must not change without the key being given again."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts.scheme, (parts.hostname or "").rstrip("."), port


async def vetted_addresses(host: str, port: int) -> list[str]:
    """Every address of the host, all of them allowed.

    Raises `AddressRefusedError` when one is not, `NetworkError` when there is none.
    """
    try:
        found = await resolve(host, port)
    except OSError as error:
        raise NetworkError(_("The name “%(host)s” could not be found.") % {"host": host}) from error
    for address in map(ipaddress.ip_address, found):
        _check_address(host, port, address)
    return found


async def resolve(host: str, port: int) -> list[str]:
    """Addresses of a name, best first, or of an address in whatever notation."""
    loop = asyncio.get_running_loop()
    rows: Sequence[tuple[object, ...]] = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(row[4][0]) for row in rows]  # type: ignore[index]
    return list(dict.fromkeys(addresses))


def is_refused(address: IPAddress) -> bool:
    """Whether the site must not call it, unless its list of allowed hosts says so."""
    if is_forbidden(address):
        return True
    return not settings.PROVIDER_ALLOW_PRIVATE and not is_public(address)
