import pytest

from relay.senders import SCHEMES


@pytest.mark.parametrize(
    "to", [{"chat_id": -100}, {"chat_id": 1, "message_thread_id": 3}], ids=["to the chat", "to the topic"]
)
def test_the_answer_is_sent(to: dict[str, int]) -> None:
    message = SCHEMES["telegram"].message
    assert message
    assert message(to, "Quack.") == {"method": "sendMessage", **to, "text": "Quack."}
    assert message(to, "q" * 5000) == {"method": "sendMessage", **to, "text": "q" * 4095 + "…"}
