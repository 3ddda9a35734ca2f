"""The administrator's list of hosts inside their own network that users may connect.

Read by the settings at start, so it knows neither settings nor Django.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from providers.addresses import IPAddress, IPNetwork, is_forbidden_network

_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_WITH_PORT = re.compile(r"(?P<host>[^:\[\]]+|\[[^\[\]]+\])(:(?P<port>[0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class AllowedHost:
    """A name, or a network of one address or more; without a port all of its ports."""

    name: str = ""
    network: IPNetwork | None = None
    port: int | None = None

    def covers(self, host: str, port: int, address: IPAddress) -> bool:
        """Whether it opens `address`, to which `host` leads.

        A name opens what it leads to and nothing else; a network opens its addresses whichever
        name leads to them, for they could also be written as such.
        """
        if self.port not in (None, port):
            return False
        if self.network is not None:
            return address in self.network
        return host.rstrip(".").lower() == self.name


def parse_allowed_hosts(entries: Iterable[str]) -> tuple[AllowedHost, ...]:
    """Raises ValueError with the first entry that is wrong."""
    return tuple(map(_parse, entries))


def _parse(entry: str) -> AllowedHost:
    network = _network(entry)
    port = None
    name = ""
    if network is None:
        found = _WITH_PORT.fullmatch(entry)
        if found is None:
            raise ValueError(entry)
        port = int(found["port"]) if found["port"] else None
        name = found["host"].rstrip(".").lower()
        network = None if "/" in name else _network(name.strip("[]"))
    if port is not None and not 0 < port < 65536:
        raise ValueError(entry)
    if network is not None:
        if is_forbidden_network(network):
            raise ValueError(entry)
        return AllowedHost(network=network, port=port)
    # An address in another notation is no name: it would never be asked for.
    if not _NAME.fullmatch(name) or _NUMBER.fullmatch(name.rpartition(".")[2]):
        raise ValueError(entry)
    return AllowedHost(name=name, port=port)


def _network(text: str) -> IPNetwork | None:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None
