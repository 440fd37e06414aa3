import ast
import subprocess
import sys
from http import HTTPStatus
from pathlib import Path

import relay.senders
from relay.senders import LABELS, SCHEMES, SECRET_HEADERS, Reply, hmac, reply

FOLDER = Path(relay.senders.__file__).parent


def test_each_sender_is_found_by_its_name_and_offered_by_its_label() -> None:
    assert list(LABELS.items()) == [
        ("standard-webhooks", "Standard Webhooks"),
        ("github", "GitHub"),
        ("gitlab", "GitLab"),
        ("slack", "Slack"),
        ("stripe", "Stripe"),
        ("shopify", "Shopify"),
        ("discord", "Discord"),
        ("line", "LINE"),
        ("telegram", "Telegram"),
        ("meta", "Meta (WhatsApp, Messenger, Instagram)"),
        ("microsoft-graph", "Microsoft Graph"),
        ("hmac", "Another, signed by HMAC"),
    ]
    rows = [*SCHEMES.items(), ("hmac", hmac(header="x-sign"))]
    assert [(name, LABELS[name]) for name in LABELS] == [(scheme.name, scheme.label) for _, scheme in rows]
    assert [name for name, _ in rows] == list(LABELS)


def test_every_sender_hears_success_for_a_delivery_that_needs_no_run() -> None:
    heard = {name: scheme.acknowledgement for name, scheme in SCHEMES.items()}
    accepted = Reply(status=HTTPStatus.ACCEPTED)
    only_seen_by_who_asked = reply.json(
        {"type": 4, "data": {"content": "There is nothing to answer here.", "flags": 64}}
    )
    own = {"microsoft-graph": accepted, "discord": only_seen_by_who_asked}
    assert heard == {**dict.fromkeys(SCHEMES, Reply()), **own}


def test_who_waits_for_an_answer_hears_in_the_senders_own_way_that_it_comes_later() -> None:
    heard = {name: scheme.accepted for name, scheme in SCHEMES.items()}
    assert heard == {**dict.fromkeys(SCHEMES, Reply()), "discord": reply.json({"type": 5})}


def test_only_slack_can_be_told_to_stop() -> None:
    told = {name: scheme.no_retry_headers for name, scheme in SCHEMES.items() if scheme.no_retry_headers}
    assert told == {"slack": {"X-Slack-No-Retry": "1"}}


def test_only_senders_without_a_payload_of_their_own_may_write_one_for_the_relay() -> None:
    assert {name for name, scheme in SCHEMES.items() if not scheme.own_payload} == {"standard-webhooks"}
    assert not hmac(header="x-sign").own_payload


def test_what_proves_a_sender_is_known_to_be_secret() -> None:
    assert {"x-gitlab-token", "x-telegram-bot-api-secret-token"} == SECRET_HEADERS


def test_start_up_does_not_load_the_library_for_ed25519() -> None:
    code = "import sys, relay.senders; sys.exit('nacl' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_no_file_of_the_room_needs_itself() -> None:
    needs = {path.stem: _imports(path) for path in FOLDER.glob("*.py") if path.stem != "__init__"}
    while free := [name for name, needed in needs.items() if needed.isdisjoint(needs)]:
        for name in free:
            del needs[name]
    assert needs == {}


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "relay.senders":
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("relay.senders."):
            found.add(node.module.removeprefix("relay.senders."))
    return found
