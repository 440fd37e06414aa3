"""Callbacks reach no address inside, by whatever name, and connect to the very address that was checked."""

import ssl
from collections.abc import Iterable
from typing import Any

import httpcore
import pytest

from provider.public import is_public
from provider.sending import Clients, Sending
from relay.outward import INSIDE, Request, Response
from tests.provider.test_sending import says, serving

PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "2002:808:808::1", "64:ff9b::808:808"]
INNER = [
    *[
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.1.1",
    ],
    *["192.0.2.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.0.0.1"],
    *["::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:0:7f00:1", "fc00::1", "fe80::1"],
    *["fe80::1%2", "fd00:ec2::254", "ff02::1", "2001:db8::1", "2001::7f00:1", "2002:7f00:1::1", "2002:a9fe:a9fe::1"],
    *["64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::808:808", "100::1", "fec0::1", "4000::1", "", "name"],
]


@pytest.mark.parametrize(("address", "expected"), [*((a, True) for a in PUBLIC), *((a, False) for a in INNER)])
def test_an_address_is_public_or_it_is_not(address: str, expected: bool) -> None:
    assert is_public(address) is expected


class Wires(httpcore.NetworkBackend):
    """Connects to a server of the test whatever the address; notes what was asked for."""

    def __init__(self, base: str, failing: Iterable[str] = ()) -> None:
        self.port = int(base.rpartition(":")[2])
        self.failing = frozenset(failing)
        self.connected: list[tuple[str, int]] = []
        self.names: list[str | None] = []

    def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> httpcore.NetworkStream:
        self.connected.append((host, port))
        if host in self.failing:
            raise httpcore.ConnectError("refused")
        return Stream(httpcore.SyncBackend().connect_tcp("127.0.0.1", self.port), self.names)


class Stream(httpcore.NetworkStream):
    """A connection whose TLS is left out, but for the name that it is checked against."""

    def __init__(self, inner: httpcore.NetworkStream, names: list[str | None]) -> None:
        self.inner = inner
        self.names = names

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.inner.read(max_bytes, timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.inner.write(buffer, timeout)

    def close(self) -> None:
        self.inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        assert ssl_context.check_hostname
        self.names.append(server_hostname)
        return self

    def get_extra_info(self, info: str) -> Any:
        return self.inner.get_extra_info(info)


class Names:
    """Answers each question for a name with the next list of addresses."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int, type: int) -> list[Any]:  # noqa: A002 - the standard library's
        self.asked.append(host)
        return [(2, type, 6, "", (address, port)) for address in self.answers.pop(0)]


CALLBACK = Request(what="callback", url="https://hooks.example/in", content=b"{}")
REFUSED = Response(arrived=False, problem=INSIDE)


def test_the_address_that_was_checked_is_the_one_and_the_name_stays_what_is_meant() -> None:
    names = Names(["127.0.0.1", "8.8.8.8", "8.8.8.8"], ["127.0.0.1"])  # it changes, for whoever asks once more
    with serving(says(200, b"{}")) as (base, heard):
        clients = Clients(resolve=names, behind=(wires := Wires(base)))
        response = Sending("callback", clients)(CALLBACK, public=True)
        clients.close()
    assert (response.status, names.asked, wires.names) == (200, ["hooks.example"], ["hooks.example"])
    assert (wires.connected, heard[0][1]["host"]) == ([("8.8.8.8", 443)], "hooks.example")


def test_the_next_address_is_tried_and_no_more_than_a_few() -> None:
    many = [f"8.8.8.{number}" for number in range(1, 9)]
    with serving(says(200, b"{}")) as (base, _):
        clients = Clients(resolve=Names(many, many), behind=(wires := Wires(base, many[:1])))
        send = Sending("callback", clients)
        assert send(CALLBACK, public=True).status == 200
        wires.failing = frozenset(many)
        clients.close()
        clients = Clients(resolve=Names(many), behind=wires)
        failed = Sending("callback", clients)(CALLBACK, public=True)
        clients.close()
    assert failed == Response(arrived=False, problem="it could not be connected to")
    assert [host for host, _ in wires.connected] == [*many[:2], *many[:4]]


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "::ffff:10.0.0.1", "fd00:ec2::254"])
def test_a_name_that_leads_inside_is_connected_to_nowhere(address: str) -> None:
    clients = Clients(resolve=Names([address]), behind=(wires := Wires("http://x:1")))
    assert Sending("callback", clients)(CALLBACK, public=True) == REFUSED
    assert wires.connected == []
    clients.close()


HOSTS = ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0"]


@pytest.mark.parametrize("host", [*HOSTS, "127.0.0.1.", "localhost.", "①②⑦.0.0.1"])
def test_no_spelling_of_this_machine_is_heard_by_it(host: str) -> None:
    with serving(says(200, b"{}")) as (base, heard):
        clients = Clients()
        port = base.rpartition(":")[2]
        response = Sending("callback", clients)(Request(what="callback", url=f"http://{host}:{port}/"), public=True)
        clients.close()
    assert (heard, response.status, response.arrived) == ([], 0, False)


def test_an_origin_that_the_owner_lists_may_be_inside() -> None:
    with serving(says(200, b"{}")) as (base, heard):
        clients = Clients()
        assert Sending("callback", clients)(Request(what="callback", url=base, content=b"{}")).status == 200
        clients.close()
    assert len(heard) == 1


def test_no_proxy_of_the_environment_resolves_in_its_stead(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(says(200, b"{}")) as (base, heard):
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, base)
        clients = Clients(resolve=Names(["10.0.0.1"]))
        url = "http://hooks.example/in"
        assert Sending("callback", clients)(Request(what="callback", url=url), public=True) == REFUSED
        assert heard == []
        assert Sending("slack", clients)(Request(what="post", url=url)).status == 200
        clients.close()
    assert [path for path, _, _ in heard] == [url]
