"""Kinds of network addresses. Knows no settings: `providers.guard` says what may be called."""

import ipaddress

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


def _networks(*networks: str) -> tuple[IPNetwork, ...]:
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


def is_forbidden(address: IPAddress) -> bool:
    """Whether no setting may open it."""
    if any(address in network for network in _METADATA):
        return True
    if address != _LOOPBACK_V6 and any(address in network for network in _DISGUISED):
        return True
    return address.is_multicast or address.is_unspecified


def is_forbidden_network(network: IPNetwork) -> bool:
    """Whether all of its addresses are forbidden, so that naming it can only be a mistake."""
    lists = [*_METADATA, *_DISGUISED, *_networks("224.0.0.0/4", "ff00::/8", "0.0.0.0/32")]
    inside = any(
        network.version == each.version and network.subnet_of(each)  # type: ignore[arg-type]
        for each in lists
    )
    return inside and network.network_address != _LOOPBACK_V6


def is_public(address: IPAddress) -> bool:
    """Whether it is one of the internet's."""
    return address.is_global and not any(address in network for network in _NOT_PUBLIC)
