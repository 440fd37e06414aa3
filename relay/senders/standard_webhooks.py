"""Standard Webhooks: the specification that many services follow.

Source: standard-webhooks/standard-webhooks, spec/standard-webhooks.md.
"""

from dataclasses import replace

from relay.senders.delivery import Delivery
from relay.senders.preset import Preset, Reading, pick
from relay.senders.scheme import Header, Scheme
from relay.senders.signature import HMAC, Place, Signature, base64, base64_unpadded, ed25519

# one must not work as the other: everyone may know a public key, so an HMAC with it proves nothing
SHARED_KEY, PUBLIC_KEY = "whsec_", "whpk_"
ID = "webhook-id"

SIGNATURE = Signature(
    place=Place(header="webhook-signature", prefix="v1,", separator=" "),
    decode=base64,
    algorithm=HMAC["sha256"],
    key=base64_unpadded,
    key_prefix=SHARED_KEY,
    signed=b"%(id)b.%(timestamp)b.%(body)b",
    timestamp=Place(header="webhook-timestamp"),
    id_header=ID,
)
ASYMMETRIC = replace(
    SIGNATURE,
    # whoever sends 10 MiB and many signatures has us hash it for each of them
    place=Place(header="webhook-signature", prefix="v1a,", separator=" ", most=4),
    algorithm=ed25519,
    key_prefix=PUBLIC_KEY,
)

SHORTEST_KEY, LONGEST_KEY = 24, 64  # bytes, of one that signs


def signing_key(secret: str) -> bytes:
    """Give the key of a secret that something is to be signed with: whsec_ and Base64. Raises ValueError."""
    key = base64_unpadded(secret.removeprefix(SHARED_KEY))
    if not secret.startswith(SHARED_KEY) or not SHORTEST_KEY <= len(key) <= LONGEST_KEY:
        raise ValueError("no key that signs")
    return key


def read(delivery: Delivery) -> Reading:
    """Read an event of the form that the specification recommends: type, timestamp, data."""
    kind = delivery.text("type")
    if not kind or not isinstance(delivery.find("data"), dict):
        return None
    return Preset(query=kind, inputs=pick(delivery, {name: name for name in ("type", "timestamp", "data")}))


SCHEME = Scheme(
    name="standard-webhooks",
    label="Standard Webhooks",
    proofs=(SIGNATURE, ASYMMETRIC),
    own_payload=False,
    ids=(Header(ID),),
    preset=read,
    deadline=15,
)
