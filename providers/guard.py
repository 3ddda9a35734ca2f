"""Which addresses a connection that a user set may reach (defence against request forgery).

`checked_url` looks at the text of a base URL. `vetted_addresses` resolves its host and refuses
every address that is not public; the connection is then made to the vetted address itself, so that
a name cannot point elsewhere the second time (`providers.guarded_transport`).
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from providers.errors import AddressRefusedError, NetworkError

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

MAX_URL_LENGTH = 500
_URL_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/\[\]%+]+")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?\.?|[0-9A-Fa-f:.]+")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")


def _networks(*networks: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(map(ipaddress.ip_network, networks))


_LOOPBACK_V6 = ipaddress.IPv6Address("::1")
# An IPv4 address or a tunnel is inside: IPv4-mapped, -translated and -compatible, NAT64, 6to4,
# Teredo. Always refused, or they would lead round the other lists.
_DISGUISED = _networks(
    "::ffff:0:0/96",
    "::ffff:0:0:0/96",
    "::/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "2002::/16",
    "2001::/32",
)
# What `is_global` gets wrong or leaves to the reader: site-local, special purpose, 6to4 relays.
_NOT_PUBLIC = _networks("fec0::/10", "192.0.0.0/24", "192.88.99.0/24")
# Cloud metadata services: refused also where private addresses are allowed.
_METADATA = _networks(
    "169.254.0.0/16",
    "fe80::/10",
    "fd00:ec2::254/128",
    "100.100.100.200/32",
    "168.63.129.16/32",
    "192.0.0.192/32",
)


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
    _check_number(host)
    return url.rstrip("/")


def _check_number(host: str) -> None:
    """Refuse a host that is a private address, or one in a notation that hides what it is."""
    try:
        address = ipaddress.ip_address(host.rstrip("."))
    except ValueError:
        if _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
            raise AddressRefusedError(_("The address names no valid host.")) from None
        return
    if is_refused(address):
        raise AddressRefusedError(_inside(host))


def _inside(host: str) -> str:
    return _("“%(host)s” is inside this site's own network.") % {"host": host}


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
    if any(is_refused(address) for address in map(ipaddress.ip_address, found)):
        raise AddressRefusedError(_inside(host))
    return found


async def resolve(host: str, port: int) -> list[str]:
    """Addresses of a name, best first, or of an address in whatever notation."""
    loop = asyncio.get_running_loop()
    rows: Sequence[tuple[object, ...]] = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(row[4][0]) for row in rows]  # type: ignore[index]
    return list(dict.fromkeys(addresses))


def is_refused(address: IPAddress) -> bool:
    """Whether the site must not call it."""
    if any(address in network for network in _METADATA):
        return True
    if address != _LOOPBACK_V6 and any(address in network for network in _DISGUISED):
        return True
    if address.is_multicast or address.is_unspecified:
        return True
    if settings.PROVIDER_ALLOW_PRIVATE:
        return False
    return not address.is_global or any(address in network for network in _NOT_PUBLIC)
