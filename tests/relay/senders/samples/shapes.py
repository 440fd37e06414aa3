"""Payloads with something else in them than their senders write."""

import copy
import json
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from relay.senders import Delivery

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=5,
)


def spoilt(payload: Mapping[str, Any], headers: Mapping[str, str], data: st.DataObject) -> Delivery:
    """Put anything into the place of one value."""
    changed = copy.deepcopy(dict(payload))
    *way, last = data.draw(st.sampled_from(_places(changed)))
    holder: Any = changed
    for step in way:
        holder = holder[step]
    holder[last] = data.draw(JSON_VALUES)
    return Delivery(headers={**headers, "content-type": "application/json"}, body=json.dumps(changed).encode())


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for step, below in inner for place in ((*path, step), *_places(below, (*path, step)))]
