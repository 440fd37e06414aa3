"""What an app is given: what the caller asks, below it what the owner filled in, files where they have a place."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from relay.call import Call, Interface
from relay.errors import InvalidParam, Misconfigured, PayloadTooLarge
from relay.incoming import issued
from relay.incoming.fields import NEW, Asked
from relay.incoming.issued import Issued
from relay.incoming.settings import Settings
from relay.run import files
from relay.run.dify import KeyedApp

# the daemon kills a plugin that writes it a line of over 5 MiB, and with it all other answers
LARGEST_CALL = 4 * 1024 * 1024  # bytes


type Inputs = Callable[[], Iterable[tuple[str, Mapping[str, Any]]]]  # what the app declares: kind, field


class Apps(Protocol):
    """What Dify tells of its apps. Raises RelayError."""

    def parameters(self, app_id: str) -> Mapping[str, Any]:
        """Give what an app declares: Dify's /parameters."""

    def keyed(self, app_id: str) -> KeyedApp | None:
        """Give an app that is reached by its key; None for one that is reached by reverse invocation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Giving:
    """Turns what is asked of one app into a call."""

    app_id: str
    endpoint_id: str
    interface: Interface  # that was called
    settings: Settings
    apps: Apps
    anywhere: bool = False  # files that name no input go where there is room: the caller knows of none

    def call(self, asked: Asked) -> Call:
        """Check what the interface itself demands, and give the app what its owner and the caller send.

        Raises InvalidParam for a chat without a query, and for files that have no place.
        """
        interface, inputs = self.kind, asked.inputs
        fresh = asked.conversation_id == NEW
        if interface is Interface.CHAT and not asked.query.strip():
            raise InvalidParam("A chat app needs a query: send the field query.")
        if interface in {Interface.WORKFLOW, Interface.COMPLETION} and asked.query and not asked.placed:
            inputs = {**self._among_inputs(asked, interface), **inputs}
        call = Call(
            app_id=self.app_id,
            interface=interface,
            query=asked.query,
            inputs=inputs,
            files=asked.files,
            conversation_id=None if fresh else asked.conversation_id or None,
            fresh=fresh,
            user=asked.user or None,
        )
        if files.any_in(call):
            call = files.place(call, self.declared(), self._issued, keyed=self._is_keyed(), anywhere=self.anywhere)
        call = self._with_defaults(call)
        if _line_of(call) > LARGEST_CALL:
            raise PayloadTooLarge(
                f"The query and inputs are too large: Dify takes at most {LARGEST_CALL} bytes. Send files as files."
            )
        return call

    @property
    def kind(self) -> Interface:
        """The interface of the app's own mode, where that is told: Dify goes by it, too. Else the one called."""
        keyed = self.apps.keyed(self.app_id)
        return keyed.interface(self.interface) if keyed else self.interface

    def declared(self) -> Mapping[str, Any]:
        """Give what the app declares."""
        return self.apps.parameters(self.app_id)

    def inputs(self) -> Iterable[tuple[str, Mapping[str, Any]]]:
        """Give each input that the app declares: its kind, and the field."""
        return files.form_of(self.declared())

    def into(self, query: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Put a message into the input that the app has for it: see `placed`."""
        return placed(query, self.kind, self.inputs, given)

    def _among_inputs(self, asked: Asked, interface: Interface) -> dict[str, Any]:
        """Give the query as an input: the one of its name, or of a workflow that was asked as any app is, its own.

        Raises InvalidParam where that is any of several; whoever names inputs may leave the others empty.
        """
        if interface is Interface.WORKFLOW and self.interface is not interface:
            found = placed(asked.query, Interface.ANY if asked.inputs else interface, self.inputs, asked.inputs)
            if found:
                return found
        return {"query": asked.query}

    def _with_defaults(self, call: Call) -> Call:
        """Put what the owner filled in beside the app below what the caller sends. Raises Misconfigured."""
        picked = self.settings.app
        if picked is None or picked.app_id != call.app_id:
            return call
        taken = call.inputs.keys() | {upload.name for upload in call.uploads}
        # what was left empty is not a default
        inputs = {
            name: value for name, value in picked.inputs.items() if name not in taken and value not in ("", None)
        }
        call = replace(call, inputs={**inputs, **call.inputs})
        if not picked.files:
            return call
        try:
            return files.place_owned(call, picked.files, self.declared(), keyed=self._is_keyed())
        except InvalidParam as error:
            raise Misconfigured(f"app: {error.message.rstrip('.')}") from None

    def _is_keyed(self) -> bool:
        return self.apps.keyed(self.app_id) is not None

    def _issued(self, id_: str) -> Issued | None:
        return issued.find(id_, self.settings, self.endpoint_id)


def placed(query: str, interface: Interface, inputs: Inputs, given: Mapping[str, Any]) -> dict[str, Any]:
    """Put a message into the input that an app has for it: `query`, else `text`, else its only one for text.

    Of an app whose kind is not known only an input that says so by its name, or that nothing else could fill. Raises
    InvalidParam, which names the inputs, for a workflow with several; a text generator gets the message beside them.
    """
    if interface is Interface.CHAT:
        return {}
    texts = {
        str(field.get("variable")): bool(field.get("required"))
        for kind, field in inputs()
        if kind in {"text-input", "paragraph"}
    }
    free = {name: required for name, required in texts.items() if name not in given}
    for name in ("query", "text"):
        if name in texts:
            return {name: query} if name in free else {}
    if len(free) == 1 and (interface is not Interface.ANY or all(free.values())):
        return dict.fromkeys(free, query)
    if interface is Interface.WORKFLOW and free:
        raise InvalidParam(
            f"The workflow has several inputs for text: {', '.join(free)}. Name the one for the message query or"
            " text, or set inputs_template."
        )
    return {}


def _line_of(call: Call) -> int:
    """Count the bytes of what Dify is sent for a call, as JSON in ASCII."""
    return len(json.dumps([call.app_id, call.query, call.inputs, *call.beside, call.user, call.conversation_id]))
