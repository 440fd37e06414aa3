"""What pages say, as one table: each language fills in all of it."""

from collections.abc import Mapping
from dataclasses import dataclass

ANY_ERROR = "internal_error"  # what is said of a code that no table knows


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """An error, for who reads it."""

    title: str
    reader: str  # what whoever asked can do
    owner: str  # what the endpoint's owner should change


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """All that our pages say in one language. {n}, {seconds} and {name} are filled in by `str.format`."""

    # the page and its form
    app: str  # a page's title, when the app's name is not known
    chat: str  # likewise, of an app that talks
    question: str
    question_hint: str
    send: str
    run: str
    run_again: str
    ask_again: str
    new_chat: str
    sign_out: str
    earlier: str
    dropped: str  # {n} turns for which there was no room
    inputs: str
    required: str
    at_most_characters: str  # {n}
    at_most_files: str  # {n}
    json_hint: str
    choose: str  # the option that stands for none
    attach: str
    file_address: str
    file_addresses: str
    suggested: str
    unsent: str  # this page was opened by a link of another site: nothing has run
    # the answer
    answer: str
    waiting: str
    stop: str
    stopped: str
    steps: str
    steps_done: str  # {n} steps in {seconds}
    step: Mapping[str, str]  # by Dify's `status` of a node, and "running" and "retry"
    thought: str
    tool: str  # {name}
    sources: str
    outputs: str
    download: str
    json: str
    cut: str
    nothing_said: str
    paused: str
    paused_hint: str
    broken_off: str
    # what is wrong with what was typed
    no_question: str
    check_inputs: str
    wrong: Mapping[str, str]  # by relay.page.wrong's rules; {n} is the limit
    # the key
    enter_key: str
    key_hint: str
    key: str
    key_send: str
    key_kept: str
    wrong_key: str
    no_key: str
    no_cookie: str
    # errors
    you_can: str
    owner_can: str
    technical: str
    request_id: str
    try_again: str  # {time} is one of the units
    units: Mapping[str, str]  # "seconds", "minutes" and "hours", each with its {n}
    unsigned: Explained  # `unauthorized` at an endpoint that lets in who signs, and so no browser
    errors: Mapping[str, Explained]  # by the error's code

    def explain(self, code: str) -> Explained:
        """Give what is said of an error; of one that is not known, what is said of any."""
        return self.errors.get(code) or self.errors[ANY_ERROR]
