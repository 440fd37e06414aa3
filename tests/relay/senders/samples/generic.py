"""What senders send that sign by HMAC as the settings say."""

from collections.abc import Mapping, Sequence

from relay.senders import generic
from tests.relay.senders.samples.sender import WORDS, Answered, Identified, Read, Sender, Sent, hexadecimal, in_base64

SENDERS: Mapping[str, Sender] = {
    "hmac, sha1 in hex": Sender(
        scheme=generic.hmac(header="X-Sign", algorithm="sha1", prefix="sha1="),
        secrets=WORDS,
        sign=lambda body, _now, secret: {"x-sign": f"sha1={hexadecimal(body, secret, 'sha1')}"},
    ),
    "hmac, sha512 in base64": Sender(
        scheme=generic.hmac(header="x-sign", algorithm="sha512", encoding="base64"),
        secrets=WORDS,
        sign=lambda body, _now, secret: {"x-sign": in_base64(body, secret, "sha512")},
    ),
}

READ: Mapping[str, Read] = {}
IGNORED: Mapping[str, Sent] = {}
UNREAD: Sequence[Sent] = ()
IDS: Sequence[Identified] = ()
ANSWERED: Mapping[str, Answered] = {}
UNANSWERED: Sequence[Sent] = ()
