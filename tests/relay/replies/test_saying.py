import json
from dataclasses import replace
from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.outward import Request, Response
from relay.replies.channel import NoPlace, Outcome, Rung, Target
from relay.replies.saying import NOTHING, UNKNOWN, Saying
from relay.texts.fit import fit
from relay.texts.measure import characters
from tests.relay.replies.room import (
    EDITED,
    KEYED,
    LOST,
    OK,
    ONCE,
    OPENED,
    SEVERAL,
    STREAM,
    STREAMED,
    TARGET,
    UNSENT,
    Room,
    carry,
    channel,
    said,
    say,
)

LONG = "One two three four five six seven.\n\nEight nine ten eleven twelve.\n\nThirteen fourteen fifteen sixteen."
FIRST, SECOND, THIRD = LONG.split("\n\n")
GROWING = ["One", "One two", "One two three", "One two three"]
RUNGS = [ONCE, SEVERAL, KEYED, EDITED, STREAMED, OPENED]
NAMES = [rung.name for rung in RUNGS]

AGAIN, NEXT, PLAIN, NEVER = (said(outcome) for outcome in (Outcome.AGAIN, Outcome.NEXT, Outcome.PLAIN, Outcome.NEVER))


@pytest.mark.parametrize(
    ("rung", "asked"),
    [
        (ONCE, [("post", ["One two three"])]),
        (EDITED, [("post", ["One"]), ("edit", "One two"), ("edit", "One two three")]),
        (STREAMED, [("start", "One"), ("append", " two"), ("append", " three"), ("stop", "0")]),
        (OPENED, [("post", ["One"]), ("edit", "One two three")]),
    ],
    ids=["once", "edited", "streamed", "edited at the end alone"],
)
def test_an_answer_grows_as_its_channel_lets_it(rung: Rung, asked: list[Any]) -> None:
    room = Room()
    assert say(room, GROWING, rung).finished
    assert room.asked == asked


@pytest.mark.parametrize(
    ("rung", "asked"),
    [
        (ONCE, [("post", [FIRST]), ("post", [SECOND]), ("post", [THIRD])]),
        (SEVERAL, [("post", [FIRST, SECOND, THIRD])]),
        (EDITED, [("post", [FIRST]), ("post", [SECOND]), ("post", [THIRD])]),
        (STREAMED, [("post", [FIRST]), ("post", [SECOND]), ("post", [THIRD])]),
    ],
    ids=["once", "several", "edited", "streamed"],
)
def test_an_answer_that_is_whole_at_once_is_posted_in_pieces(rung: Rung, asked: list[Any]) -> None:
    room = Room()
    assert say(room, [LONG], rung).finished
    assert room.asked == asked


def test_something_stands_there_until_the_answer_is_whole() -> None:
    room = Room()
    assert say(room, ["", "", LONG], replace(OPENED, pace=inf)).finished
    assert room.asked == [("post", ["Wait…"]), ("edit", FIRST), ("post", [SECOND]), ("post", [THIRD])]


def test_a_full_message_is_followed_by_the_next() -> None:
    room = Room()
    begun = f"{FIRST}\n\n{SECOND[:5]}"
    assert say(room, [FIRST, begun, begun, begun, begun, f"{FIRST}\n\n{SECOND}"], STREAMED).finished
    expected = [("start", FIRST), ("stop", "0"), ("start", SECOND[:5]), ("append", SECOND[5:]), ("stop", "1")]
    assert room.asked == expected


def test_a_code_block_that_grows_is_closed_only_at_its_end() -> None:
    room = Room()
    assert say(room, ["```py\nx = 1", "```py\nx = 1\ny", "```py\nx = 1\ny = 2\n```"], STREAMED).finished
    assert room.asked == [("start", "```py\nx = 1"), ("append", "\ny"), ("append", " = 2\n```"), ("stop", "0")]


def test_a_stream_whose_text_was_replaced_is_stopped_and_edited() -> None:
    room = Room()
    assert say(room, ["One two", "Sorry", "Sorry, no"], STREAMED).finished
    assert room.asked == [("start", "One two"), ("stop", "0"), ("edit", "Sorry, no")]


def test_a_stream_that_slack_has_closed_is_edited() -> None:
    room = Room(script=[OK, NEXT, NEXT])
    assert say(room, ["One", "One two", "One two three"], STREAMED).finished
    edits = [("edit", "One two"), ("edit", "One two three")]
    assert room.asked == [("start", "One"), ("append", " two"), ("stop", "0"), *edits]


def test_where_no_stream_can_begin_a_message_is_edited() -> None:
    room = Room(script=[NEXT])
    assert say(room, ["One", "One two", "One two"], STREAMED).finished
    assert room.asked == [("start", "One"), ("post", ["One"]), ("edit", "One two")]


def test_an_addition_that_may_have_arrived_is_not_made_twice() -> None:
    for late in (True, False):
        room = Room(script=[OK, LOST], late=late)
        assert say(room, ["One", "One two", "One two three"], STREAMED).finished
        assert room.messages == {"0": "One two three"}
        assert [what for what, _ in room.asked] == ["start", "append", "stop", "edit"]


def test_an_answer_that_became_shorter_leaves_no_old_words() -> None:
    room = Room()
    assert say(room, [LONG, LONG, LONG, LONG, "Sorry."], EDITED).finished
    assert room.messages == {"0": "Sorry.", "1": "…", "2": "…"}


def test_an_empty_answer_becomes_a_sentence() -> None:
    room = Room()
    assert say(room, ["", " \n"], EDITED).finished
    assert room.asked == [("post", [NOTHING])]


@pytest.mark.parametrize(
    "response", [LOST, replace(LOST, status=504)], ids=["nothing came back", "a gateway gave up"]
)
def test_a_message_that_may_have_arrived_is_not_posted_again(response: Response) -> None:
    room = Room(script=[response])
    saying = say(room, GROWING, EDITED)
    assert (saying.failed, saying.finished, len(room.asked)) == (UNKNOWN, False, 1)


def test_a_message_that_surely_did_not_arrive_is_posted_again() -> None:
    room = Room(script=[UNSENT, UNSENT])
    assert say(room, [FIRST], EDITED).finished
    assert room.asked == [("post", [FIRST])] * 3


def test_a_message_whose_repetition_is_known_is_repeated_word_by_word() -> None:
    room = Room(script=[LOST], late=True)
    growing = replace(KEYED, edit=EDITED.edit, pace=1.0)
    assert say(room, ["One", "One two", "One two"], growing).finished
    assert room.asked == [("post", ["One"]), ("post", ["One"]), ("edit", "One two")]
    assert room.messages == {"0": "One two"}


def test_a_message_without_a_name_is_followed_by_the_whole_answer() -> None:
    nameless = replace(EDITED, posted=lambda _: "")
    room = Room()
    assert say(room, ["One", "One two"], nameless, ONCE).finished
    assert room.asked == [("post", ["One"]), ("post", ["One two"])]
    assert say(Room(), [LONG, LONG], nameless, ONCE).finished
    assert say(Room(), ["One", "One two"], nameless).failed == "the API did not name the message that it took"
    assert say(Room(), ["One"], nameless).finished


def test_an_edit_that_may_have_arrived_is_made_again() -> None:
    room = Room(script=[OK, LOST], late=True)
    assert say(room, ["One", "One two"], EDITED).finished
    assert room.asked == [("post", ["One"]), ("edit", "One two"), ("edit", "One two")]


def test_an_opening_that_may_stand_there_does_not_keep_the_answer_from_coming() -> None:
    room = Room(script=[LOST], late=True)
    assert say(room, ["", "One"], OPENED).finished
    assert room.asked == [("post", ["Wait…"]), ("post", ["One"])]


def waits(*responses: Response) -> list[float]:
    saying = Saying(channel(ONCE), TARGET, now=0)
    now, found = 0.0, []
    for response in responses:
        request = saying.request("One", whole=True, now=now, wall=now)
        assert request
        saying.told(request, response, now=now, wall=now)
        found.append(saying.due(whole=True, text="One", now=now) - now)
        now += found[-1]
    return found


def test_what_is_to_be_done_again_waits_longer_each_time() -> None:
    assert waits(AGAIN, AGAIN, UNSENT, AGAIN, AGAIN, AGAIN, AGAIN) == [1, 2, 4, 8, 16, 32, 64]


def test_the_api_knows_best_how_long_to_wait() -> None:
    assert waits(said(Outcome.AGAIN, after=7), said(Outcome.AGAIN, after=300), AGAIN) == [7, 300, 4]


def test_nothing_is_due_before_its_time() -> None:
    # the time counts from when the API has answered: what it takes is late by as much as a request's way there
    saying = Saying(channel(EDITED), TARGET, now=5)
    assert saying.request("", whole=False, now=5, wall=0) is None
    assert saying.due(whole=False, text="", now=5) == inf
    assert saying.due(whole=False, text="One", now=5) == 5
    request = saying.request("One", whole=False, now=5, wall=0)
    assert request
    saying.told(request, Response(status=200, body="0"), now=5.5, wall=0)
    assert saying.due(whole=False, text="One two", now=5.5) == 6.5
    assert saying.request("One two", whole=False, now=6.4, wall=0) is None
    assert saying.request("One", whole=False, now=6.5, wall=0) is None
    assert saying.due(whole=False, text="One", now=6.5) == inf


def test_a_rung_that_has_posted_all_that_it_can_is_left_for_the_next() -> None:
    room = Room(script=[OK])
    assert say(room, [LONG], replace(ONCE, most=1), KEYED).finished
    assert [told for _, told in room.asked] == [[FIRST], [SECOND], [THIRD]]
    assert room.keys == {1: "1", 2: "2"}


def test_a_dialect_that_is_refused_gives_way_to_plain_text_once() -> None:
    room = Room(script=[OK, PLAIN])
    text = f"**{FIRST}**\n\n**{SECOND}**\n\n**{THIRD}**"
    assert say(room, [text], ONCE).finished
    assert [told for _, told in room.asked] == [[f"**{FIRST}**"], [f"**{SECOND}**"], [SECOND], [THIRD]]
    assert say(Room(script=[PLAIN, PLAIN]), [text], ONCE).failed == "refused"


def test_the_next_rung_goes_on_where_the_last_one_ended() -> None:
    room = Room(script=[OK, NEXT])
    assert say(room, [LONG], ONCE, KEYED).finished
    assert list(room.messages.values()) == [FIRST, SECOND, THIRD]
    assert room.keys == {1: "1", 2: "2"}


def test_the_next_rung_cuts_what_is_left_by_its_own_limit() -> None:
    room = Room(script=[OK, NEXT])
    assert say(room, [LONG], ONCE, replace(ONCE, name="wide", limit=500)).finished
    assert list(room.messages.values()) == [FIRST, f"{SECOND}\n\n{THIRD}"]


def test_a_message_that_was_deleted_while_it_grew_is_posted_on_the_next_rung() -> None:
    room = Room(script=[OK, NEXT])
    assert say(room, ["One", "One two", "One two three"], EDITED, ONCE).finished
    assert room.asked == [("post", ["One"]), ("edit", "One two"), ("post", ["One two three"])]


def test_a_rung_that_is_no_longer_usable_is_left() -> None:
    first = replace(EDITED, usable=lambda _, wall: wall < 1001)
    room = Room()
    texts = [FIRST, f"{FIRST}\n\nEight nine", f"{FIRST}\n\n{SECOND}"]
    assert say(room, texts, first, ONCE).finished
    assert room.asked == [("post", [FIRST]), ("post", [SECOND])]
    assert say(Room(), texts, first).failed


def test_the_first_rung_that_is_usable_is_taken() -> None:
    room = Room()
    assert say(room, GROWING, replace(ONCE, usable=lambda _, __: False), EDITED).finished
    assert [what for what, _ in room.asked] == ["post", "edit", "edit"]


def test_signs_of_life_come_until_something_is_said_and_are_worth_no_trouble() -> None:
    room = Room(script=[said(Outcome.NEXT), LOST])
    alive = Saying(channel(ONCE, sign=True, sign_every=2.0), TARGET, now=0)
    assert carry(room, alive, ["", "", "", "One", "One", "One two"]).finished
    assert [what for what, _ in room.asked] == ["typing", "typing", "typing", "post"]
    room = Room(script=[NEVER])
    refused = Saying(channel(ONCE, sign=True, sign_every=1.0), TARGET, now=0)
    assert carry(room, refused, ["", "", "", "One"]).finished
    assert [what for what, _ in room.asked] == ["typing", "post"]


def test_a_sign_that_would_stay_is_taken_back() -> None:
    row = channel(ONCE, sign=True, unsign=lambda _: Request(what="rest"))
    room = Room()
    assert carry(room, Saying(row, TARGET, now=0), ["", "One"]).finished
    assert [what for what, _ in room.asked] == ["typing", "post", "rest"]
    room = Room()
    assert carry(room, Saying(row, TARGET, now=0), ["One"]).finished
    assert [what for what, _ in room.asked] == ["post"]


def test_what_is_missing_is_told_before_anything_is_sent() -> None:
    saying = Saying(channel(ONCE, needs=lambda _: "bot_token is not set"), TARGET, now=0)
    assert (saying.failed, saying.request("One", whole=True, now=0, wall=0)) == ("bot_token is not set", None)
    assert saying.due(whole=True, text="One", now=0) == inf


def test_a_place_that_can_not_be_one_is_not_written_to() -> None:
    def nowhere(*_: object) -> Request:
        raise NoPlace("The delivery names a place that can't be one.")

    saying = say(Room(), ["One"], replace(ONCE, post=nowhere))
    assert saying.failed == "The delivery names a place that can't be one."


@pytest.mark.parametrize("retry", [False, True])
def test_what_was_under_way_when_the_plugin_stopped_is_not_sent_again(retry: bool) -> None:
    saying = Saying(channel(EDITED), TARGET, now=0)
    assert saying.request("One", whole=True, now=0, wall=0)
    later = Saying.load(channel(EDITED), TARGET, json.loads(json.dumps(saying.dump())), now=50, retry=retry)
    assert later.request("One", whole=True, now=50, wall=50) is None
    assert later.failed == UNKNOWN


def test_an_owner_may_try_again_what_had_failed() -> None:
    room = Room(script=[OK, NEVER])
    failed = say(room, [LONG], ONCE)
    assert failed.failed == "refused"
    again = Saying.load(channel(ONCE), TARGET, json.loads(json.dumps(failed.dump())), now=0, retry=True)
    assert carry(room, again, [LONG]).finished
    assert list(room.messages.values()) == [FIRST, SECOND, THIRD]


def test_nothing_is_asked_of_who_was_told_nothing() -> None:
    with pytest.raises(ValueError, match="Nothing was asked"):
        Saying(channel(ONCE), TARGET, now=0).told(Request(what="post"), OK, now=0, wall=0)


def test_a_long_answer_is_cut_anew_only_when_something_may_be_sent() -> None:
    seen = []

    def dialect(text: str) -> str:
        seen.append(len(text))
        return text

    rung = replace(STREAMED, limit=12_000, stream=replace(STREAM, most=12_000), dialect=dialect)
    text = "Quack quack quack quack.\n\n" * 4000
    saying, room = Saying(channel(rung), TARGET, now=0), Room()
    for number in range(100):
        now, grown = number / 10, text[: number * 1000 + 1000]
        if saying.due(whole=False, text=grown, now=now) <= now:
            request = saying.request(grown, whole=False, now=now, wall=0)
            if request:
                saying.told(request, room(request), now=now, wall=0)
    assert sum(seen) < 2 * len(text)


RESPONSES = st.sampled_from([OK, OK, OK, OK, AGAIN, UNSENT, LOST, replace(LOST, status=502)])
WORDS = st.lists(st.sampled_from(["quack", "*Duck*", "pond.\n\n", "```\ncode", "\n```\n", "水。", "\n"]), max_size=40)


@pytest.mark.parametrize("rung", RUNGS, ids=NAMES)
@given(
    words=WORDS,
    steps=st.lists(st.integers(1, 9), max_size=8),
    script=st.lists(RESPONSES, max_size=12),
    data=st.data(),
)
def test_whatever_happens_the_messages_say_the_whole_answer_once(
    rung: Rung, words: list[str], steps: list[int], script: list[Response], data: st.DataObject
) -> None:
    late = data.draw(st.booleans(), label="late")
    texts = [" ".join(words[:end]) for end in (sum(steps[: n + 1]) for n in range(len(steps)))] + [" ".join(words)]
    room = Room(script=list(script), late=late)
    saying = say(room, texts, rung)
    assert saying.finished != bool(saying.failed)
    expected = fit(texts[-1], 40, characters, str) or [NOTHING]
    says = list(room.messages.values())
    if saying.failed:
        assert saying.failed == UNKNOWN
        assert room.asked[-1][0] in {"post", "start"}  # and it was not asked again
        return
    if rung.edit:
        says = says[1:] if "Wait…" in says and says[0] == "Wait…" else says  # one that may have arrived
        says = says[: len(expected)] + [text for text in says[len(expected) :] if text != "…"]
    assert says == expected


@given(words=WORDS, script=st.lists(st.one_of(RESPONSES, st.just(NEXT)), max_size=12))
def test_whichever_way_a_piece_went_it_is_said_once(words: list[str], script: list[Response]) -> None:
    text = " ".join(words)
    room = Room(script=list(script))
    saying = say(room, [text[:30], text], ONCE, SEVERAL, KEYED)
    expected = fit(text, 40, characters, str) or [NOTHING]
    says = list(room.messages.values())
    assert says == expected[: len(says)]
    assert saying.finished == (says == expected)
    assert saying.failed in ({""} if saying.finished else {UNKNOWN, "refused"})


def test_a_way_that_was_closed_is_tried_once_more_by_the_owner() -> None:
    room = Room(script=[OK, NEXT])
    closed = say(room, [LONG], ONCE)
    assert closed.failed == "refused"
    again = Saying.load(channel(ONCE), TARGET, closed.dump(), now=0, retry=True)
    assert carry(room, again, [LONG]).finished
    assert list(room.messages.values()) == [FIRST, SECOND, THIRD]


@pytest.mark.parametrize("rung", RUNGS, ids=NAMES)
@given(words=WORDS, script=st.lists(RESPONSES, max_size=12))
def test_another_process_goes_on_where_this_one_stops(rung: Rung, words: list[str], script: list[Response]) -> None:
    texts = [" ".join(words[:end]) for end in range(0, len(words), 7)] + [" ".join(words)]
    asked = []
    for moved in (False, True):
        room = Room(script=list(script))
        saying = Saying(channel(rung), TARGET, now=0)
        now = 0.0
        for number, text in enumerate(texts):
            whole = number == len(texts) - 1
            for turn in range(40 if whole else 3):
                now += 5000
                request = saying.request(text, whole=whole, now=now, wall=now)
                if moved and turn % 2:
                    saying = Saying.load(channel(rung), TARGET, json.loads(json.dumps(saying.dump())), now=now)
                if request:
                    saying.told(request, room(request), now=now, wall=now)
                if moved and not turn % 2:
                    saying = Saying.load(channel(rung), TARGET, json.loads(json.dumps(saying.dump())), now=now)
        asked.append((room.asked, room.messages, saying.finished, saying.failed))
    assert asked[0] == asked[1]


def test_a_target_hides_what_is_secret() -> None:
    target = Target(to={}, handle={"response_url": "https://hooks.slack.com/1"}, token="xoxb-1")
    assert "hooks" not in repr(target)
    assert "xoxb" not in repr(target)


def test_nothing_is_said_before_the_question_is_acknowledged() -> None:
    saying = Saying(channel(EDITED, sign=True, settle=2.0), TARGET, now=5.0)
    assert saying.due(whole=False, text="", now=5.0) == 5.0
    sign = saying.request("Quack.", whole=True, now=6.9, wall=0.0)
    assert sign is None
    assert saying.due(whole=True, text="Quack.", now=6.9) == 7.0
    post = saying.request("Quack.", whole=True, now=7.0, wall=0.0)
    assert post == Request(what="post", body={"texts": ["Quack."]})


def test_between_the_pieces_of_a_long_answer_others_have_a_moment() -> None:
    rests: list[int] = []
    room = Room()
    saying = Saying(channel(ONCE), TARGET, now=0, rest=lambda: rests.append(1))
    assert carry(room, saying, [LONG]).finished
    assert len(rests) == len(room.asked) == 3
