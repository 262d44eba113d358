"""Where the service listens."""

from __future__ import annotations

import errno
import socket
from ipaddress import ip_address

from tickets import Fault, InputFaults

BACKLOG = 128
"""Connections that wait while the model is loaded."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on an address; port 0 takes a free one.

    `InputFaults` for an address that is none, that is not of this machine, or that is taken.
    """
    family, found = _resolved(host, port)
    try:
        return socket.create_server((found, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise InputFaults(_refused(found, port, error)) from None


def _resolved(host: str, port: int) -> tuple[socket.AddressFamily, str]:
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise InputFaults(Fault("--host", f'"{host}" is no address', "use 127.0.0.1")) from None
    return next((family, str(place[0])) for family, _, _, _, place in entries)


def is_loopback(listener: socket.socket) -> bool:
    """Tell whether only this machine reaches a listening socket."""
    return ip_address(listener.getsockname()[0]).is_loopback


def _refused(host: str, port: int, error: OSError) -> Fault:
    if error.errno == errno.EADDRINUSE:
        remedy = "stop what listens there, or name another with --port"
        return Fault("--port", f"{port} of {host} is in use", remedy)
    if error.errno == errno.EACCES:
        return Fault("--port", f"{port} needs rights you lack", "name one above 1023 with --port")
    return Fault("--host", f"cannot listen on {host}: {error.strerror}", "use 127.0.0.1")


def address(listener: socket.socket) -> str:
    """Return the address at which a listening socket is reached, as `http://127.0.0.1:8000`."""
    host, port, *_ = listener.getsockname()
    return (
        f"http://[{host}]:{port}" if listener.family == socket.AF_INET6 else f"http://{host}:{port}"
    )
