from typing import Any

import pytest

from relay.senders import SCHEMES, Delivery, Preset, SignatureError, verify
from tests.relay.senders.samples import standard_webhooks
from tests.relay.senders.samples.gitlab import DISCUSSION, ISSUE, NOTE
from tests.relay.senders.samples.post import posted
from tests.relay.senders.samples.sender import BODY, NOW, SHARED_KEYS


def reason(delivery: Delivery, secret: str) -> str:
    with pytest.raises(SignatureError) as caught:
        verify(delivery, SCHEMES["gitlab"].proofs, [secret], NOW)
    return caught.value.reason


def test_a_signing_token_signs_and_is_never_sent() -> None:
    sent = Delivery(headers={"x-gitlab-token": SHARED_KEYS[0]}, body=BODY)
    assert reason(sent, SHARED_KEYS[0]) == "no webhook-signature header; x-gitlab-token is not the secret"


def test_a_secret_token_is_sent_and_never_signs() -> None:
    bare = SHARED_KEYS[0].removeprefix("whsec_")
    signed = Delivery(headers=standard_webhooks.sign(BODY, NOW, bare), body=BODY)
    assert reason(signed, bare) == "no secret that is set begins with whsec_; no x-gitlab-token header"


def changed(payload: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    return {**payload, "object_attributes": {**payload["object_attributes"], **attributes}}


def read(payload: dict[str, Any]) -> Preset:
    preset = SCHEMES["gitlab"].preset(posted(payload))
    assert isinstance(preset, Preset)
    return preset


@pytest.mark.parametrize(
    "payload",
    [
        changed(NOTE, action="update"),
        changed(NOTE, noteable_type="Commit"),
        changed(NOTE, noteable_type="Snippet"),
        changed(NOTE, internal=True),
        changed(NOTE, confidential=True),
        changed(NOTE, discussion_id=None),
        {**NOTE, "project": {"path_with_namespace": "o/r"}},
        {**NOTE, "issue": None},
        *(changed(ISSUE, action=action) for action in ("update", "close", "reopen", "create", None)),
        {**ISSUE, "user": {"username": "group_7_bot_4ffca2"}},
        {**ISSUE, "object_kind": "push"},
    ],
)
def test_only_what_a_person_has_just_said_where_everybody_reads_is_answered(payload: dict[str, Any]) -> None:
    preset = read(payload)
    assert (preset.to, preset.among_others, preset.addressed) == (None, False, True)


def test_a_note_is_answered_in_its_discussion_and_what_is_opened_below_it() -> None:
    on_merge_request = changed({**NOTE, "merge_request": {"iid": 9}}, noteable_type="MergeRequest", action="create")
    place = {"project": "5", "kind": "merge_requests", "number": "9"}
    note = read(on_merge_request)
    assert (note.to, note.addressed) == ({**place, "discussion": DISCUSSION}, False)
    opened = read(changed({**ISSUE, "object_kind": "merge_request"}, iid=9))
    assert (opened.to, opened.addressed) == (place, True)


def test_who_quotes_the_bot_is_answered() -> None:
    preset = read(changed(NOTE, note=f"> Quack.\n>\n> <!-- duck-relay:{'0' * 32} -->\n\n@duck why?"))
    assert (preset.to is not None, preset.mentions) == (True, frozenset({"duck"}))
