"""What Meta, GitHub and GitLab may answer, whatever it is."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.outward import Request, Response
from relay.replies import github, gitlab, messenger, whatsapp
from relay.replies.channel import Channel, Verdict
from tests.relay.senders.samples.shapes import JSON_VALUES

CHANNELS = {module.__name__: module.CHANNEL for module in (whatsapp, messenger, github, gitlab)}
CODES = re.compile(r"\(([A-Za-z0-9_.:-]{1,64}(, )?)+\)")

HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "date", "x-ratelimit-remaining", "x-ratelimit-reset", "ratelimit-reset"]),
    st.sampled_from(["", "0", "7", "1e9", "-1", "9" * 400, "soon", "Wed, 21 Oct 2015 07:28:00 GMT", "1445412490"]),
)
ERRORS = st.fixed_dictionaries(
    {}, optional={"error": JSON_VALUES | st.fixed_dictionaries({"code": JSON_VALUES}), "message": JSON_VALUES}
)


@pytest.mark.parametrize("channel", CHANNELS.values(), ids=CHANNELS)
@given(
    what=st.sampled_from(["post", "edit", "typing", "check"]),
    status=st.sampled_from([0, 200, 201, 204, 301, 400, 401, 403, 404, 410, 422, 429, 500, 502, 504, 599]),
    headers=HEADERS,
    body=JSON_VALUES | ERRORS,
)
def test_every_response_has_a_verdict_that_shows_none_of_it(
    channel: Channel, what: str, status: int, headers: dict[str, str], body: object
) -> None:
    response = Response(status=status, headers=headers, body=body)
    verdict = channel.judge(Request(what=what), response)
    assert isinstance(verdict, Verdict)
    assert 0 <= verdict.after <= 24 * 3600
    assert re.fullmatch(r"[a-zA-Z0-9 ',_:]*", CODES.sub("", verdict.reason))
    assert all(isinstance(rung.posted(response), str) for rung in channel.rungs)
    assert isinstance(channel.checked(response), str)
