import subprocess
import sys
from http import HTTPStatus

import pytest

from relay.senders import SCHEMES, Reply, hmac


def test_each_sender_is_found_by_its_name() -> None:
    assert list(SCHEMES) == [
        "standard-webhooks",
        "github",
        "gitlab",
        "slack",
        "stripe",
        "shopify",
        "discord",
        "line",
        "telegram",
        "meta",
        "microsoft-graph",
    ]
    assert all(name == scheme.name for name, scheme in SCHEMES.items())


def test_every_sender_hears_success_for_a_delivery_that_needs_no_run() -> None:
    heard = {name: scheme.acknowledgement for name, scheme in SCHEMES.items()}
    accepted = Reply(status=HTTPStatus.ACCEPTED)
    assert heard == {**dict.fromkeys(SCHEMES, Reply()), "microsoft-graph": accepted}


def test_only_slack_can_be_told_to_stop() -> None:
    told = {name: scheme.no_retry_headers for name, scheme in SCHEMES.items() if scheme.no_retry_headers}
    assert told == {"slack": {"X-Slack-No-Retry": "1"}}


@pytest.mark.parametrize(
    ("choice", "named"),
    [
        ({"header": ""}, "header"),
        ({"header": "x sign"}, "header"),
        ({"header": "x_sign"}, "header"),
        ({"header": "x-sïgn"}, "header"),
        ({"algorithm": "md5"}, "algorithm"),
        ({"algorithm": ""}, "algorithm"),
        ({"encoding": "base32"}, "encoding"),
    ],
)
def test_a_choice_that_does_not_exist_is_named(choice: dict[str, str], named: str) -> None:
    with pytest.raises(ValueError, match=f"^{named} must be"):
        hmac(**{"header": "x-sign", **choice})


def test_the_generic_scheme_is_the_same_for_the_same_choices() -> None:
    assert hmac(header=" X-Sign ") == hmac(header="x-sign", algorithm="sha256", encoding="hex", prefix="")
    assert hmac(header="x-sign") != hmac(header="x-sign", algorithm="sha1")


def test_start_up_does_not_load_the_library_for_ed25519() -> None:
    code = "import sys, relay.senders; sys.exit('nacl' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
