"""One request to an address that somebody else chose: to the public internet only, to no other place than it names.

The name is resolved once, every address it has must be public, and the connection goes to the address that was checked,
so that a name cannot point elsewhere a moment later. Nothing is redirected, no answer is read beyond its headers, and
the whole exchange has a limit in time. No proxy is used.
"""

from __future__ import annotations

import contextlib
import datetime
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

SECONDS = 15.0  # from connecting to the last header of the answer
LONGEST_URL = 500
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # NAT64 (RFC 6052): an IPv4 address in IPv6 clothes


class BadAddress(ValueError):
    """An address to which nothing is sent. The text says why, for whoever entered it."""


class NotDelivered(Exception):
    """There was no answer. The text says why in a few words, without anything that the other side sent."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: HTTP status, and for how many seconds the receiver asks to be left alone."""

    status: int
    milliseconds: int
    retry_after: float = 0


def check_url(url: str) -> SplitResult:
    """The parts of an address that we may send to, as far as it can be told without looking up its name.

    Raises BadAddress.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadAddress("This is not an address.") from None
    if not url.isascii() or any(sign.isspace() for sign in url) or len(url) > LONGEST_URL or port == 0:
        raise BadAddress("This is not an address.")
    if parts.scheme != "https" and (settings.WEBHOOKS_STAY_OUTSIDE or parts.scheme != "http"):
        raise BadAddress("The address begins with https://.")
    if not parts.hostname:
        raise BadAddress("The address names a host.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise BadAddress("The address holds no user, no password and nothing after a #.")
    try:
        address = ipaddress.ip_address(parts.hostname)
    except ValueError:
        return parts  # a name: it is looked up when something is sent
    if not _is_allowed(address):
        raise BadAddress("The address lies inside a private network.")
    return parts


def post(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    """Send one request. Returns the answer, whatever its status; raises NotDelivered where there is none."""
    try:
        parts = check_url(url)
    except BadAddress:
        raise NotDelivered("Address not allowed") from None
    host = parts.hostname or ""
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    connection = _Pinned(host, port, _resolve(host, port), secure=secure)
    begun = time.monotonic()
    alarm = threading.Timer(SECONDS, connection.cut)
    alarm.daemon = True
    alarm.start()
    try:
        connection.request("POST", parts.path + (f"?{parts.query}" if parts.query else "") or "/", body, headers)
        response = connection.getresponse()
        if connection.is_cut:  # headers that were cut off look like headers that ended
            raise TimeoutError
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotDelivered(_reason(error, late=connection.is_cut)) from None
    finally:
        alarm.cancel()
        connection.close()
    took = round((time.monotonic() - begun) * 1000)
    return Answer(response.status, took, _seconds(response.headers.get("Retry-After", "")))


class _Pinned(http.client.HTTPConnection):
    """A connection to an address that was checked, while certificate and Host header stand for the name."""

    def __init__(self, host: str, port: int, address: str, *, secure: bool) -> None:
        super().__init__(host, port, timeout=SECONDS)
        self.default_port = 443 if secure else 80  # what the Host header leaves out
        self.address, self.secure, self.is_cut = address, secure, False

    def connect(self) -> None:
        """Connect, and over TLS see that the other side is who the name says."""
        self.sock = socket.create_connection((self.address, self.port), self.timeout)
        if self.secure:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)

    def cut(self) -> None:
        """End the exchange from another thread: whatever waits for the socket then fails at once."""
        self.is_cut = True
        with contextlib.suppress(OSError, AttributeError):
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


def _resolve(host: str, port: int) -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotDelivered("Host not found") from None
    addresses = [str(entry[4][0]) for entry in found]
    if not all(_is_allowed(ipaddress.ip_address(address.partition("%")[0])) for address in addresses):
        raise NotDelivered("Address not allowed")
    return addresses[0]


def _is_allowed(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether the address is one of the public internet; inside a test or the demo, any address is."""
    if not settings.WEBHOOKS_STAY_OUTSIDE:
        return True
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None and not _is_allowed(inner):
            return False
    return address.is_global and not address.is_multicast


def _reason(error: Exception, *, late: bool) -> str:
    if late or isinstance(error, TimeoutError):
        return "No answer in time"
    if isinstance(error, ssl.SSLError):
        return "Certificate not trusted" if isinstance(error, ssl.SSLCertVerificationError) else "No secure connection"
    if isinstance(error, http.client.HTTPException):
        return "Answer not understood"
    return "No connection"


def _seconds(retry_after: str) -> float:
    """How long Retry-After asks to wait: a number of seconds or a date (RFC 9110, section 10.2.3); 0 for nonsense."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:8])
    try:
        moment = parsedate_to_datetime(retry_after)
    except (TypeError, ValueError):
        return 0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return max(0.0, (moment - datetime.datetime.now(datetime.UTC)).total_seconds())
