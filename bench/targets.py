"""Who is measured: the relay, the Duck of Dify's documentation, and an endpoint that only drains the app.

Each plugin has a workspace of its own; only one of them at a time is called. Or they run elsewhere, for example in a
real Dify, and are given.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from bench.load import DUCK
from bench.process import Pid
from workspace.testing import Workspace

PROJECT = Path(__file__).parent.parent
FIXTURES = PROJECT / "tests" / "fixtures"
DOCUMENTED = FIXTURES / "duck"
BARE = FIXTURES / "bare"
KEY = "quack-quack"
SSE = "/duck/{app_id}?query=hi&format=sse"  # the relay's path

BARE_NAME, DUCK_NAME, RELAY, GZIP, KEYED = NAMES = ("bare", "duck", "relay", "relay gzip", "relay by key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A plugin's endpoint, called in one way."""

    name: str
    url: str  # {app_id} in it stands for the app
    headers: Mapping[str, str]
    plugin: Callable[[], Pid]
    restart: Callable[[], None] | None  # none of our business where it is given
    folder: Path | None
    admit: Callable[[str], object] = str  # prepares that an app is called, by its id


@contextmanager
def in_workspaces() -> Iterator[list[Target]]:
    """Start all three, each in its workspace; the relay reaches apps also by Dify's Service API."""
    with ExitStack() as stack:
        targets: list[Target] = []
        for name, folder, path in ((BARE_NAME, BARE, DUCK), (DUCK_NAME, DOCUMENTED, DUCK), (RELAY, PROJECT, SSE)):
            workspace = stack.enter_context(Workspace(plugin=folder))
            keyed = name == RELAY
            target = Target(
                name=name,
                url=workspace.endpoint(settings={"api_key": KEY} if keyed else {}) + path,
                headers={"X-API-Key": KEY} if keyed else {},
                plugin=partial(_pid_in, workspace),
                restart=workspace.restart_plugin,
                folder=folder,
            )
            targets += _ways(target)
            if keyed:
                targets.append(_by_key(workspace, targets[-1]))
        yield targets


def _by_key(workspace: Workspace, relay: Target) -> Target:
    hook = uuid.uuid4().hex[:16]

    def admit(app_id: str) -> str:
        keys = {"app_keys": f"{app_id}=app-{app_id}", "service_api_url": workspace.service_api(hook)}
        return workspace.endpoint(hook=hook, settings={"api_key": KEY, **keys})

    headers = {**relay.headers, "Accept-Encoding": "identity"}
    return replace(relay, name=KEYED, url=admit("chat-1-0") + SSE, headers=headers, admit=admit)


def given(endpoints: Sequence[tuple[str, str, Pid]], headers: Sequence[tuple[str, str]]) -> list[Target]:
    """Take running endpoints by name, URL and process. Headers are (name, "Header: value")."""
    targets: list[Target] = []
    for name, url, pid in endpoints:
        pairs = (header.split(":", 1) for owner, header in headers if owner == name)
        own = {header.strip(): value.strip() for header, value in pairs}
        target = Target(name=name, url=url, headers=own, plugin=partial(int, pid), restart=None, folder=None)
        targets += _ways(target)
    return targets


def _pid_in(workspace: Workspace) -> Pid:
    return int(workspace.plugin()["pid"])


def _ways(target: Target) -> Iterator[Target]:
    """Give a target as it answers a caller who takes no gzip; the relay also as it answers one who does."""
    yield replace(target, headers={**target.headers, "Accept-Encoding": "identity"})
    if target.name == RELAY:
        yield replace(target, name=GZIP, headers={**target.headers, "Accept-Encoding": "gzip"})
