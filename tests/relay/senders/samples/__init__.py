"""Deliveries as their senders write them, and the presets that they become."""

from relay.senders import Delivery, Preset
from tests.relay.senders.samples import forges, messengers, services

READ: dict[str, tuple[str, Delivery, Preset]] = {**forges.READ, **messengers.READ, **services.READ}
