"""What Dify's page and the marketplace read of the plugin."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from relay.incoming.settings import DefaultFormat, Settings

ROOT = Path(__file__).parent.parent
LANGUAGES = {"en_US", "zh_Hans", "ja_JP", "pt_BR"}
MANIFEST: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yaml").read_text())
GROUP: dict[str, Any] = yaml.safe_load((ROOT / "group" / "duck.yaml").read_text())
ENDPOINTS = {(endpoint["path"], endpoint["method"]): endpoint for endpoint in GROUP["endpoints"]}


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


def test_each_setting_of_the_form_is_one_that_is_read_and_has_help() -> None:
    assert {setting["name"] for setting in GROUP["settings"]} == set(Settings.model_fields)
    for setting in GROUP["settings"]:
        assert setting["help"]
        assert all(isinstance(option["value"], str) for option in setting.get("options", ()))
        assert setting["required"] is False  # a required field keeps older Difys from saving the form


def test_the_forms_choices_and_defaults_are_those_that_are_read() -> None:
    form = {setting["name"]: setting for setting in GROUP["settings"]}
    chosen = {name: setting["default"] for name, setting in form.items() if "default" in setting}
    assert Settings.read(chosen) == Settings()
    assert {option["value"] for option in form["default_format"]["options"]} == {*DefaultFormat}
    for option in form["access"]["options"]:
        Settings.read({"access": option["value"]})


@pytest.mark.parametrize("route", ["duck", "chat", "workflow", "completion"])
def test_each_route_takes_get_post_and_options(route: str) -> None:
    for path in (f"/{route}", f"/{route}/<app_id>"):
        for method in ("GET", "POST", "OPTIONS"):
            assert ENDPOINTS[path, method]["extra"]["python"]["source"] == f"endpoints/{route}.py"


def test_difys_page_lists_the_routes_that_name_an_app() -> None:
    shown = {path for (path, _), endpoint in ENDPOINTS.items() if not endpoint.get("hidden")}
    assert shown == {"/duck/<app_id>", "/chat/<app_id>", "/workflow/<app_id>", "/completion/<app_id>"}


def test_the_requirements_hold_the_sdk_where_the_marketplace_wants_it() -> None:
    assert "dify_plugin>=0.10.1,<0.11" in (ROOT / "requirements.txt").read_text().splitlines()
