"""Apps whose id says what they do, for tests.

    chat-<events>-<gap ms>[-<size>[-<kind>]] so many messages: " tok<number>" and <size> characters more, of <kind>
                                        words (a text that goes on), or base64 (nothing in it comes twice)
    agent-<events>-<gap ms>             agent_thought, then agent_messages
    completion-<events>-<gap ms>
    workflow-<nodes>-<gap ms>           node_started, text_chunk, node_finished for each node
    chatflow-<nodes>-<gap ms>           the same as a chat: message_end, then workflow_finished
    burst-<events>                      messages as fast as they can be made
    big-<bytes>                         one message of that size
    silent-<seconds>[-<events>-<gap ms>] nothing for so long, then one message, or so many
    code-<characters>[-<gap ms>]        one block of code with nothing around it
    rich                                all of Markdown, with sources and files beside it
    echo                                says the call as Dify received it
    parrot[-<gap ms>]                   says the query and nothing else: of several runs each tells whose it is
    mirror[-<gap ms>]                   a workflow whose outputs are its inputs, for the same
    form-<field>[-<field>…]             a workflow that declares inputs, checks them and gives back those it took
    chatform-<field>[-<field>…]         the same as a chat. A field: <kind>.<name>[.<mark>…], and a kind:
                                        text, paragraph, select, number, checkbox, json, file, files. A mark:
                                        required, default+x, how many characters or files at most as 3, of a
                                        select options+Big+Small, and of files local_file or remote_url, types
                                        as image+custom, extensions of custom files as ext+zip+txt
    small-<field>[-<field>…]            a form of a Dify that takes files of at most 1 MiB
    essay-<events>-<gap ms>             so many pieces of a long text in Markdown, 25 characters each
    paused, xss, markdown, replaced     replaced: says a text that is then taken back
    held-<name>-<events>                a chat that says so many messages, and its last one when the name is let
                                        through: PUT /workspace/held/<name>
    heldworkflow-<name>-<nodes>         a workflow that waits in a node behind so many others
    heldchatflow-<name>-<nodes>         the same as a chat, behind its text

    error-<text>                        breaks off with the text before any event
    broken-<events>[-<gap ms>[-<text>]] breaks off after the events
    cut-<events>[-<gap ms>]             stops after the events, without message_end
    errorevent-<events>-<status>-<code>[-<text>] sends Dify's error event after the events
    failed-<nodes>                      a workflow whose last node fails: it ends with workflow_finished alone
    failedchatflow-<nodes>              the same as a chat: workflow_finished, then error, no message_end
    stopped-<nodes>                     a workflow that someone stops: workflow_finished with status stopped
    http-<status>-<code>-<text>         refused with a status instead of a stream
    unknownevents, malformed, numbers
    realcompletion                      fails by reverse invocation; through the Service API three messages

In texts `_` stands for a space.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from workspace.apps import answering, essay, failing, held
from workspace.apps.answering import field_of
from workspace.apps.app import App, AppCall, Event, Mode
from workspace.apps.filling import kind_of
from workspace.apps.form import Form, system_parameters

_Script = Callable[[list[str], AppCall], AsyncIterator[Event]]


@dataclass(frozen=True, slots=True)
class _Kind:
    mode: Mode
    script: _Script
    numbers: tuple[Callable[[str], object], ...] = ()  # what the first arguments must be
    required: int = 0  # arguments
    fields: bool = False  # all arguments are fields of its input form
    mib: int | None = None  # of each file at most


@dataclass(frozen=True, slots=True)
class ScriptedApp:
    kind: _Kind
    arguments: list[str]

    async def mode(self) -> Mode:
        return self.kind.mode

    async def parameters(self) -> dict[str, Any]:
        chats = self.kind.mode not in {"workflow", "completion"} and not self.kind.fields
        return {
            "user_input_form": Form(*map(field_of, self.arguments)).declared() if self.kind.fields else [],
            "file_upload": {"enabled": True},
            "system_parameters": system_parameters(self.kind.mib),
            "opening_statement": "Quack?" if chats else "",
            "suggested_questions": ["Why?"] if chats else [],
        }

    def run(self, call: AppCall) -> AsyncIterator[Event]:
        return self.kind.script(self.arguments, call)


def find(app_id: str) -> App | None:
    """Return the app that an id describes; None when it describes none or its numbers are no numbers."""
    name, *arguments = app_id.split("-")
    if name not in _KINDS:
        return None
    kind = _KINDS[name]
    if len(arguments) < kind.required:
        return None
    try:
        for argument, number in zip(arguments, kind.numbers, strict=False):
            number(argument)
        for argument in arguments if kind.fields else ():
            field_of(argument)
    except ValueError:
        return None
    return ScriptedApp(kind, arguments)


_KINDS: Mapping[str, _Kind] = {
    "chat": _Kind("chat", answering.messages, (int, int, int, kind_of), 1),
    "agent": _Kind("agent-chat", answering.agent, (int, int), 1),
    "completion": _Kind("completion", answering.completion, (int, int), 1),
    "workflow": _Kind("workflow", answering.workflow, (int, int), 1),
    "chatflow": _Kind("advanced-chat", answering.chatflow, (int, int), 1),
    "burst": _Kind("chat", answering.burst, (int,), 1),
    "big": _Kind("chat", answering.big, (int,), 1),
    "silent": _Kind("chat", answering.silent, (float, int, int), 1),
    "code": _Kind("chat", answering.code, (int, int), 1),
    "rich": _Kind("chat", answering.rich),
    "echo": _Kind("chat", answering.echo),
    "parrot": _Kind("chat", answering.parrot, (int,)),
    "mirror": _Kind("workflow", answering.mirror, (int,)),
    "form": _Kind("workflow", answering.form, required=1, fields=True),
    "small": _Kind("workflow", answering.form, required=1, fields=True, mib=1),
    "chatform": _Kind("chat", answering.chat_form, required=1, fields=True),
    "paused": _Kind("workflow", answering.paused),
    "held": _Kind("chat", held.held, (str, int), 2),
    "heldworkflow": _Kind("workflow", held.held_workflow, (str, int), 2),
    "heldchatflow": _Kind("advanced-chat", held.held_chatflow, (str, int), 2),
    "xss": _Kind("chat", answering.xss),
    "markdown": _Kind("chat", answering.markdown),
    "essay": _Kind("chat", essay.essay, (int, int), 1),
    "replaced": _Kind("chat", essay.replaced),
    "error": _Kind("chat", failing.error),
    "broken": _Kind("chat", failing.broken, (int, int), 1),
    "cut": _Kind("chat", failing.cut, (int, int), 1),
    "errorevent": _Kind("chat", failing.error_event, (int, int), 3),
    "failed": _Kind("workflow", failing.failed, (int,), 1),
    "failedchatflow": _Kind("advanced-chat", failing.failed_chatflow, (int,), 1),
    "stopped": _Kind("workflow", failing.stopped, (int,), 1),
    "http": _Kind("chat", failing.http, (int,), 2),
    "unknownevents": _Kind("chat", failing.unknown_events),
    "malformed": _Kind("chat", failing.malformed),
    "numbers": _Kind("workflow", failing.numbers),
    "realcompletion": _Kind("completion", failing.real_completion),
}
