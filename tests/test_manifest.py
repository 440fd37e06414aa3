"""What Dify's page and the marketplace read of the plugin."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
LANGUAGES = {"en_US", "zh_Hans", "ja_JP", "pt_BR"}
MANIFEST: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yaml").read_text())
GROUP: dict[str, Any] = yaml.safe_load((ROOT / "group" / "duck.yaml").read_text())


def texts(value: Any) -> list[dict[str, str]]:
    """Find every text that is given in several languages."""
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    if not isinstance(value, dict):
        return []
    if "en_US" in value:
        return [value]
    return [text for item in value.values() for text in texts(item)]


@pytest.mark.parametrize("declaration", [MANIFEST, GROUP], ids=["manifest", "settings"])
def test_every_text_is_there_in_four_languages(declaration: dict[str, Any]) -> None:
    found = texts(declaration)
    assert found
    assert all(set(text) == LANGUAGES and all(text.values()) for text in found)
    assert {type(line) for text in found for line in text.values()} == {str}


def test_the_manifest_asks_for_what_the_relay_uses() -> None:
    permission = MANIFEST["resource"]["permission"]
    assert {name for name, value in permission.items() if value["enabled"]} == {"app", "endpoint", "storage"}


def test_the_marketplaces_rules_for_the_manifest_hold() -> None:
    text = (ROOT / "manifest.yaml").read_text()
    for name in ("version", "author", "name"):  # publishing scripts cut these lines apart
        assert re.search(rf"^{name}: [\w.-]+$", text, re.MULTILINE)
    assert not re.search("dify|langgenius", MANIFEST["author"])
    assert re.fullmatch(r"[a-z0-9_-]{1,128}", MANIFEST["name"])
    assert (ROOT / MANIFEST["privacy"]).read_text().strip()
    for icon in ("icon", "icon_dark"):
        assert (ROOT / "_assets" / MANIFEST[icon]).is_file()


def test_the_requirements_hold_the_sdk_where_the_marketplace_wants_it() -> None:
    assert "dify_plugin>=0.10.1,<0.11" in (ROOT / "requirements.txt").read_text().splitlines()
