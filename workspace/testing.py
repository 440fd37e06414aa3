"""A workspace for tests: a real one, in its own process, on a free port.

with Workspace(plugin=folder) as workspace:
    base_url = workspace.endpoint(settings={"access": "public"}, faults={"caller_queue": 4})
    httpx.get(f"{base_url}/duck/chat-3-0")
    assert [call["outcome"] for call in workspace.calls(hook="duck")] == ["finished"]
"""

import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from workspace.senders import table

_TOKENS = {name: standin.token for name, standin in table.standins().items()}
_PROJECT = Path(__file__).parent.parent
_READY = "Workspace ready: "
_PATIENCE_S = 30  # on a busy machine; what is waited for comes at once on an idle one


def until(condition: Callable[[], object], *, patience: float = _PATIENCE_S) -> None:
    """Wait until a condition holds, for at most `patience` seconds. Raises TimeoutError when it does not.

    It looks less often the longer it waits, for a look costs those something that are waited for.
    """
    begun = time.monotonic()
    while not condition():
        waited = time.monotonic() - begun
        if waited > patience:
            raise TimeoutError("it never happened")
        time.sleep(min(max(waited / 20, 0.02), 0.5))


class Sender:
    """The stand-in of one sender's API. The plugin is started with its address in DUCK_SENDER_URLS."""

    def __init__(self, client: httpx.Client, name: str, url: str) -> None:
        self._client = client
        self._path = f"/workspace/senders/{name}"
        self.base = f"{url}/senders/{name}"
        """Where its API begins; of `callback`, below what any address takes posts."""
        self.bases: dict[str, str] = json.loads(table.bases(url))
        """What DUCK_SENDER_URLS says."""
        self.token = _TOKENS[name]
        """What `bot_token` has to be."""

    def _all(self) -> dict[str, Any]:
        answer = self._client.get(self._path)
        answer.raise_for_status()
        return dict(answer.json())

    def requests(self) -> list[dict[str, Any]]:
        """Return what it received in order: method, path, query, headers, body, status, answer, ignored, fault."""
        return list(self._all()["requests"])

    def chat(self, place: str | None = None) -> list[dict[str, Any]]:
        """Return the messages of a place, or of all: id, place, thread, text, by, dialect, edits, streaming."""
        return [message for message in self._all()["messages"] if place in {None, message["place"]}]

    def answers(self, place: str | None = None) -> list[str]:
        """Return what the bot says there, in order."""
        return [message["text"] for message in self.chat(place) if message["by"] == "bot"]

    def status(self, place: str | None = None) -> list[str]:
        """Return the signs of life that are shown now, such as "typing"."""
        return [status["text"] for status in self._all()["status"] if place in {None, status["place"]}]

    def faults(self, **faults: Any) -> None:
        """Let things go wrong from now on: workspace/senders/faults.py. Without any nothing does any more."""
        self._client.put(f"{self._path}/faults", json=faults).raise_for_status()

    def post(self, url: str, text: str, *, by: str | None = None, **written: Any) -> dict[str, Any]:
        """Sign and post what a person wrote, and hang up when the sender would: workspace/senders/management.py.

        `by`: `whatsapp` or `messenger`, whose stand-in is `meta`.
        """
        path = f"/workspace/senders/{by}" if by else self._path
        answer = self._client.post(f"{path}/post", json={"url": url, "text": text, **written}, timeout=120)
        answer.raise_for_status()
        return dict(answer.json())

    def acknowledged(self, token: str, response: Any) -> None:
        """Tell Discord what an endpoint answered to a delivery that did not come by `post`."""
        body = {"token": token, "response": response}
        self._client.post(f"{self._path}/acknowledged", json=body).raise_for_status()

    def clear(self) -> None:
        """Forget messages, requests and faults."""
        self._client.delete(self._path).raise_for_status()


class Workspace:
    """Starts `python -m workspace` and ends it with the `with` block."""

    def __init__(
        self,
        *,
        plugin: Path = _PROJECT,
        runtime: str = "local",
        instances: int = 1,
        options: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._command = [
            sys.executable,
            "-m",
            "workspace",
            *("--port", "0", "--debug-port", "0", "--data", ":memory:"),
            *("--plugin", str(plugin), "--runtime", runtime, "--instances", str(instances), *options),
        ]
        self._environment = {**os.environ, **(environment or {})}
        self.url = ""  # without a slash at its end
        self.printed: list[str] = []
        """What it has printed so far, standard error and the plugin's logs included."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            self._command,
            cwd=_PROJECT,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        ready = threading.Event()
        self._reader = threading.Thread(target=self._read, args=(ready,), daemon=True)
        self._reader.start()
        if not ready.wait(60) or not self.url:
            self._stop()
            raise RuntimeError("the workspace did not start:\n" + "".join(self.printed))
        self.client = httpx.Client(base_url=self.url, timeout=30)
        return self

    def _read(self, ready: threading.Event) -> None:
        if self._process.stdout is None:
            return
        for line in self._process.stdout:
            self.printed.append(line)
            if line.startswith(_READY):
                self.url = line.removeprefix(_READY).strip().rstrip("/")
                ready.set()
        ready.set()  # it ended

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.client.close()
        self._stop()

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(5)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def endpoint(
        self,
        *,
        settings: Mapping[str, Any] | None = None,
        faults: Mapping[str, Any] | None = None,
        hook: str | None = None,
        enabled: bool = True,
    ) -> str:
        """Create an endpoint, with a hook id of its own unless one is given, and return its base URL."""
        answer = self.client.put(
            f"/workspace/endpoints/{hook or uuid.uuid4().hex[:16]}",
            json={"settings": dict(settings or {}), "faults": dict(faults or {}), "enabled": enabled},
        )
        answer.raise_for_status()
        return str(answer.json()["url"])

    def caller(self, url: str, **options: Any) -> httpx.Client:
        """Give a client of an endpoint by its base URL."""
        return httpx.Client(base_url=url, **options)

    def through(self, base_url: str, instance: int) -> str:
        """Give the address of an endpoint in one of the plugin's processes, the first being 0."""
        return base_url.replace(f"{self.url}/e/", f"{self.url}/workspace/instances/{instance}/e/")

    def service_api(self, hook: str = "any") -> str:
        """Give the base URL of Dify's Service API; its calls and faults are those of the hook id or endpoint.

        `app-<app id>` is the key of an app.
        """
        return f"{self.url}/dify/{hook.rstrip('/').rsplit('/', 1)[-1]}/v1"

    def calls(self, *, hook: str | None = None, app_id: str | None = None) -> list[dict[str, Any]]:
        """Return what reached Dify, by either way; `hook` may be an endpoint's base URL."""
        given = {"hook": hook and hook.rstrip("/").rsplit("/", 1)[-1], "app_id": app_id}
        query = {name: value for name, value in given.items() if value is not None}
        answer = self.client.get("/workspace/calls", params=query)
        answer.raise_for_status()
        return list(answer.json())

    def ended_calls(self, *, hook: str) -> list[dict[str, Any]]:
        """Return an endpoint's calls of Dify once none of them runs. Raises TimeoutError."""
        until(lambda: all(call["outcome"] != "running" for call in self.calls(hook=hook)))
        return self.calls(hook=hook)

    def line(self, *words: str) -> str:
        """Wait for a printed line that holds all the words, and return it. Raises TimeoutError.

        What the plugin logs comes through two pipes: it may still be on its way when an answer is there already.
        """

        def found() -> list[str]:
            return [line for line in self.printed if all(word in line for word in words)]

        until(found)
        return found()[0]

    def sender(self, name: str) -> Sender:
        """Give the stand-in of a sender's API: slack, discord, telegram, line, meta, github, gitlab, callback."""
        return Sender(self.client, name, self.url)

    def clear_calls(self) -> None:
        self.client.delete("/workspace/calls").raise_for_status()

    def requests(self) -> list[dict[str, Any]]:
        """Return the latest requests, newest first: hook, path, status, chunks sent and lost."""
        return list(self.client.get("/workspace/requests").json())

    def storage(self) -> dict[str, bytes]:
        stored: dict[str, str] = self.client.get("/workspace/storage").json()
        return {key: bytes.fromhex(value) for key, value in stored.items()}

    def storage_rows(self, rows: int | None = None) -> int:
        """Return in how many rows the daemon counts what is stored; with `rows`, let it be so many."""
        path = "/workspace/storage/rows"
        answer = self.client.get(path) if rows is None else self.client.put(path, json={"rows": rows})
        return int(answer.raise_for_status().json()["rows"])

    def forget_conversations(self) -> None:
        self.client.delete("/workspace/conversations").raise_for_status()

    def let_through(self, name: str) -> None:
        """Let the apps go on that hold their last event back under a name: `held-<name>-<events>` and others."""
        self.client.put(f"/workspace/held/{name}").raise_for_status()

    def clear_storage(self) -> None:
        self.client.delete("/workspace/storage").raise_for_status()

    def plugin(self) -> dict[str, Any]:
        return dict(self.client.get("/workspace/plugin").json())

    def restart_plugin(self) -> None:
        self.client.post("/workspace/plugin/restart").raise_for_status()

    def freeze_plugin(self, seconds: float) -> None:
        """Let the plugin's processes stand still for so long, as a serverless platform does between requests."""
        self.client.put("/workspace/plugin/frozen", json={"seconds": seconds}).raise_for_status()
