"""Names of this machine, by which servers tell their own user's browser from a web site's."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is loopback."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def name_in(address: str) -> str:
    """Return the host name in an address, such as "http://NAME:PORT" or "//NAME"; empty if there is none to be read."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:  # as in "//[::1"
        return ""
