"""What Dify shows of an app, as far as it can be shown elsewhere."""

from typing import Any

import pytest

from relay.errors import RelayError, ServiceApiUnusable
from relay.run import face
from tests.relay.keyed import App


@pytest.mark.parametrize(
    ("site", "shown"),
    [
        ({"title": " Duck ", "icon": "🦆"}, {"name": "Duck", "icon": "🦆"}),
        ({"title": "Duck", "icon": "duck"}, {"name": "Duck"}),
        ({"title": "Duck", "icon_url": "https://a.example/duck.png", "icon": "🦆"}, {"name": "Duck"}),
        ({"title": "x" * 1000}, {"name": "x" * face.LONGEST_NAME}),
        ({"title": ["Duck"], "icon": {"🦆": 1}}, {}),
        (ServiceApiUnusable("app_keys: Dify refuses it"), {}),
    ],
)
def test_a_page_is_headed_by_what_dify_shows_of_its_app(site: Any, shown: dict[str, str]) -> None:
    class Shown(App):
        def site(self) -> Any:
            if isinstance(site, RelayError):
                raise site
            return site

    assert face.on_page(Shown()) == shown
