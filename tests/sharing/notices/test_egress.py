"""Where a request may go: out to the public internet, and to no place of ours."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

import pytest

from sharing.notices.webhooks import egress
from sharing.notices.webhooks.egress import BadAddress, NotDelivered, check_url, post
from tests.sharing.notices.receivers import receiving


@pytest.fixture
def outside(settings: Any) -> None:
    """The rule of production."""
    settings.WEBHOOKS_STAY_OUTSIDE = True


@pytest.mark.parametrize(
    "url",
    [
        "http://records.example/news",
        "ftp://records.example/",
        "https://127.0.0.1/", "https://10.1.2.3/", "https://169.254.169.254/latest/meta-data/", "https://[::1]/",
        "https://[::ffff:10.0.0.1]/", "https://[64:ff9b::a00:1]/", "https://[2002:7f00:1::]/", "https://[fd00::1]/",
        "https://0.0.0.0/", "https://224.0.0.1/", "https://100.64.0.1/",
        "https://user:word@records.example/", "https://records.example/#part", "https:///path", "https://a b/",
        "https://records.example:99999/", "https://records.example:0/", "https://x.example/" + "a" * 500,
        "https://récords.example/", "javascript:alert(1)", "",
    ],
)  # fmt: skip
def test_addresses_that_are_refused(outside: None, url: str) -> None:
    with pytest.raises(BadAddress):
        check_url(url)
    with pytest.raises(NotDelivered, match="Address not allowed"):
        post(url, b"{}", {})


def test_addresses_that_are_taken(outside: None) -> None:
    for url in ("https://records.example/news?x=1", "https://93.184.215.14:8443/", "https://[2606:4700::1]/"):
        assert check_url(url).scheme == "https"


@pytest.mark.parametrize("found", [["10.0.0.5"], ["93.184.215.14", "127.0.0.1"], ["fe80::1%2"], ["::ffff:192.168.0.1"]])
def test_a_name_that_leads_inside_is_not_followed(
    outside: None, found: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in found]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: answers)
    monkeypatch.setattr(socket, "create_connection", lambda *args, **options: pytest.fail("connected"))
    with pytest.raises(NotDelivered, match="Address not allowed"):
        post("https://records.example/", b"{}", {})


def test_the_connection_goes_to_the_address_that_was_checked(outside: None, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: asked.append(args) or answers)

    def connect(address: Any, *args: Any) -> Any:
        assert address == ("93.184.215.14", 443)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(NotDelivered, match="No connection"):
        post("https://records.example/", b"{}", {})
    assert len(asked) == 1


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with receiving() as receiver, receiving() as elsewhere:
        receiver.status, receiver.headers = 302, {"Location": elsewhere.url}
        assert post(receiver.url, b"{}", {}).status == 302
        assert elsewhere.taken == []


def test_an_answer_that_drips_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress, "SECONDS", 0.4)
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            try:
                for _ in range(100):
                    connection.sendall(b"X: 1\r\n")
                    time.sleep(0.05)
            except OSError:
                pass

    threading.Thread(target=drip, daemon=True).start()
    begun = time.monotonic()
    with pytest.raises(NotDelivered, match="No answer in time"):
        post(f"http://127.0.0.1:{listener.getsockname()[1]}/", b"{}", {})
    assert time.monotonic() - begun < 3
    listener.close()


def test_what_is_no_http_and_who_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    def babble() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(b"hello\r\n\r\n")

    threading.Thread(target=babble, daemon=True).start()
    with pytest.raises(NotDelivered, match="Answer not understood"):
        post(f"http://127.0.0.1:{port}/", b"{}", {})
    listener.close()
    with pytest.raises(NotDelivered, match="No connection"):
        post(f"http://127.0.0.1:{port}/", b"{}", {})


def test_a_certificate_of_nobody_is_not_trusted(outside: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as receiver:  # it speaks no TLS at all
        host = receiver.url.split("/")[2].split(":")
        monkeypatch.setattr(egress, "_is_allowed", lambda address: True)
        with pytest.raises(NotDelivered, match="No secure connection"):
            post(f"https://{host[0]}:{host[1]}/", b"{}", {})
