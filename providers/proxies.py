"""Which proxy the environment names for a host: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY.

In upper and in lower case, which wins, as with curl. Read by the settings at start, so it knows
neither settings nor Django.
"""

import ipaddress
import os
from collections.abc import Iterable
from urllib.parse import urlsplit

SCHEMES = ("http", "https")


def proxy_for(scheme: str, hosts: Iterable[str], port: int) -> str:
    """The proxy's address; empty when the connection is to be made directly.

    `hosts` are the name and, where it is known, the address that it leads to: one that is exempt
    exempts both. This machine's own addresses are never given to a proxy, for which they are its
    own.
    """
    proxy = _named(scheme)
    if not proxy or any(_is_loopback(host) or _is_exempt(host, port) for host in hosts):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def wrong_proxy() -> str:
    """The first variable whose proxy could not be used; empty when all is well."""
    for scheme in SCHEMES:
        proxy = _named(scheme)
        if proxy and not _is_usable(proxy if "://" in proxy else f"http://{proxy}"):
            return f"{scheme.upper()}_PROXY" if _variable(f"{scheme}_proxy") else "ALL_PROXY"
    return ""


def _named(scheme: str) -> str:
    return _variable(f"{scheme}_proxy") or _variable("all_proxy")


def _variable(name: str) -> str:
    return (os.environ.get(name) or os.environ.get(name.upper()) or "").strip()


def _is_usable(proxy: str) -> bool:
    try:
        parts = urlsplit(proxy)
        return parts.scheme in SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_loopback(host: str) -> bool:
    host = host.rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_exempt(host: str, port: int) -> bool:
    host = host.rstrip(".").lower()
    entries = (entry.strip().lower() for entry in _variable("no_proxy").split(","))
    return any(_matches(entry, host, port) for entry in entries if entry)


def _matches(entry: str, host: str, port: int) -> bool:
    """`*`, a network, an address, or a name with all below it; these two also with a port."""
    if entry == "*":
        return True
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        pass  # One of both is a name, or the entry has a port.
    name, colon, wanted = entry.rpartition(":")
    if colon and wanted.isdigit() and "]" not in wanted:
        if int(wanted) != port:
            return False
        entry = name
    entry = entry.strip("[]").removeprefix("*").removeprefix(".")
    return host == entry or host.endswith(f".{entry}")
