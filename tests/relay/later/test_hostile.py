"""What a flood, a hostile payload or a wrong setting does to the deliveries of others: nothing, and it is told."""

import json

from relay.later.account import Account
from relay.later.turns import AT_ONCE, MOST_WAITING
from tests.relay.later.test_work import SAID, Relay
from tests.relay.scripts import saying


def test_what_is_refused_because_too_many_wait_leaves_nothing_in_the_storage() -> None:
    relay = Relay(saying(SAID))
    assert {relay.call().status_code for _ in range(AT_ONCE + MOST_WAITING)} == {202}
    before = dict(relay.dify.storage.values)
    refused = relay.call()
    assert (refused.status_code, json.loads(refused.get_data())["code"]) == (429, "too_many_requests")
    assert relay.dify.storage.values == before


def test_one_that_is_written_often_does_not_hide_the_others_from_the_list() -> None:
    relay = Relay(saying(SAID))
    ids = {relay.accepted() for _ in range(12)}
    busy = min(ids)
    for _ in range(300):  # by requests of their own, as runs and tries are
        ledger = relay.ledger()
        account = ledger.find(busy)
        assert account is not None
        ledger.save(account)
    assert {account.id for account in relay.ledger().latest()} == ids


def test_those_that_are_deleted_do_not_hide_the_others_from_the_list() -> None:
    relay = Relay(saying(SAID))
    kept = relay.accepted()
    for number in range(130):
        ledger = relay.ledger()
        account = Account(id=f"{number:032x}", app_id="app", created=relay.host.clock())
        ledger.save(account)
        ledger.erase(account)
    assert [account.id for account in relay.ledger().latest()] == [kept]
