"""Where neither the crawler nor a webhook must go: addresses that are not on the public Internet.

A page, a person, a redirect or a DNS answer can name any address. The guard therefore looks at the IP address that
is about to be connected to, whatever way it was written or came about: `GuardedResolver` keeps private
answers out, `GuardedSockets` refuses to open a socket towards one even if the first was got around.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from diembao.errors import FetchRefused

IpAddress = IPv4Address | IPv6Address

# What `ipaddress` of Python 3.11 takes for public, though it leads nowhere or back into a local network.
_NOT_PUBLIC = tuple(
    ip_network(block)
    for block in (
        "192.0.0.0/24",  # IETF protocol assignments
        "192.88.99.0/24",  # 6to4 relays, withdrawn
        "100.64.0.0/10",  # carrier-grade NAT
        "64:ff9b:1::/48",  # local-use translation
        "100::/64",  # discard
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fec0::/10",  # site-local, deprecated
    )
)
_NAT64 = ip_network("64:ff9b::/96")


def is_public(address: IpAddress) -> bool:
    """Whether the address is a single host on the public Internet, seen through all wrappings of IPv4 in IPv6."""
    inner = _unwrapped(address)
    if inner is not None:
        return is_public(inner)
    return address.is_global and not (
        address.is_multicast
        or address.is_reserved
        or address.is_private
        or any(address in block for block in _NOT_PUBLIC if block.version == address.version)
    )


def _unwrapped(address: IpAddress) -> IpAddress | None:
    """The IPv4 address that an IPv6 address carries (mapped, compatible, 6to4, Teredo, NAT64)."""
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64 or (int(address) >> 32 == 0 and int(address) > 0xFFFF):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return None


class AddressGuard:
    """Decides what may be connected to. `allow_private` lifts it (demo, tests, a proxy of one's own)."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private

    def may_connect(self, address: str) -> bool:
        """Whether a socket may be opened to this IP address (a zone id is ignored)."""
        try:
            parsed = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        return self._allow_private or is_public(parsed)

    def check_url(self, url: str) -> None:
        """Refuse what can be refused without asking DNS.

        Raises:
            FetchRefused: `bad_address` (no http(s), no host, a user name in it), `private_address`.
        """
        try:
            parsed = URL(url)
            host = parsed.host
            if parsed.scheme not in ("http", "https") or not host or parsed.user is not None or parsed.port == 0:
                raise ValueError("not a web address")
        except ValueError as error:
            raise FetchRefused(f"{url[:200]} is no address of a web page", "bad_address") from error
        if _is_literal(host) and not self.may_connect(host):
            raise private_address(host)


def private_address(host: str, address: str = "") -> FetchRefused:
    shown = f"{host} ({address})" if address and address != host else host
    return FetchRefused(
        f"{shown} is not on the public Internet (DIEMBAO_ALLOW_PRIVATE_NETWORKS is off)", "private_address"
    )


def _is_literal(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


class GuardedResolver(AbstractResolver):
    """Asks `inner` and keeps only the addresses that may be connected to."""

    def __init__(self, guard: AddressGuard, inner: AbstractResolver) -> None:
        self._guard = guard
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Raises FetchRefused when the name has addresses, but none that is public; OSError as DNS does."""
        found = await self._inner.resolve(host, port, family)
        allowed = [one for one in found if self._guard.may_connect(one["host"])]
        if found and not allowed:
            raise private_address(host, found[0]["host"])
        return allowed

    async def close(self) -> None:
        await self._inner.close()


class GuardedSockets:
    """Makes the sockets of a connector: the last look before a connection, whoever chose the address."""

    def __init__(self, guard: AddressGuard) -> None:
        self._guard = guard

    def __call__(self, address: tuple[Any, ...]) -> socket.socket:
        """Raises PermissionError (an OSError, so that the connector tries the next address)."""
        family, kind, protocol, _, where = address
        if not self._guard.may_connect(str(where[0])):
            raise PermissionError(f"{where[0]} is not on the public Internet")
        return socket.socket(family, kind, protocol)
