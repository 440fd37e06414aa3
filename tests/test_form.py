"""The form, what the relay reads and docs/settings.md say the same settings, in the same order."""

import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from relay.incoming.settings import Access, DefaultFormat, MemoryOf, ReplyTo, Settings
from tests.test_manifest import GROUP, LANGUAGES, ROOT
from workspace import form

FORM: dict[str, dict[str, Any]] = {setting["name"]: setting for setting in GROUP["settings"]}
TEMPLATES = ("inputs_template", "answer_template")
DOCS = (ROOT / "docs" / "settings.md").read_text()
HEADINGS = re.findall(r"^#{2,} (.+)$", DOCS, re.MULTILINE)
PARAGRAPHS = dict(re.findall(r"^### (\w+)\n\n\*\*(.+?)\*\*", DOCS, re.MULTILINE))

LONGEST_HELP = 150  # characters: the tooltip is 200 px wide
WIDEST_LABEL = 46  # half-width characters: the drawer is 420 px wide
MOST_SETTINGS = 64  # the daemon refuses more
LONGEST_VALUE = 127  # characters of a select's value, for the daemon


def width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def anchor(heading: str) -> str:
    """Make a heading's anchor as GitHub does."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_the_group_file_is_the_one_that_the_settings_and_routes_make() -> None:
    assert form.FILE.read_text(encoding="utf-8") == form.render(), "run `make form`"


def test_a_stale_group_file_is_refused_and_written_anew(tmp_path: Path) -> None:
    file = tmp_path / "duck.yaml"
    file.write_text(form.render().replace("API key", "Key"), encoding="utf-8")
    refused = CliRunner().invoke(form.main, ["--check", "--file", str(file)])
    assert refused.exit_code == 1
    assert "make form" in refused.output
    assert "API key" not in file.read_text(encoding="utf-8")
    assert CliRunner().invoke(form.main, ["--file", str(file)]).exit_code == 0
    assert CliRunner().invoke(form.main, ["--check", "--file", str(file)]).exit_code == 0


def test_the_form_the_model_and_the_docs_name_the_same_settings_in_the_same_order() -> None:
    names = [setting.name for setting in form.settings()]
    assert set(names) == set(Settings.model_fields)
    assert names == [*FORM] == [heading for heading in HEADINGS if heading in FORM]
    assert {name: label["en_US"] for name, label in ((name, FORM[name]["label"]) for name in names)} == PARAGRAPHS
    assert len(names) <= MOST_SETTINGS


def test_every_setting_links_to_its_paragraph() -> None:
    anchors = {anchor(heading) for heading in HEADINGS}
    for name, setting in FORM.items():
        page, _, fragment = setting["url"].partition("#")
        assert page == "https://github.com/duckrelay/duck-relay/blob/main/docs/settings.md"
        assert fragment == name
        assert fragment in anchors


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_labels_and_help_fit_the_drawer(language: str) -> None:
    for name, setting in FORM.items():
        assert len(setting["help"][language]) <= LONGEST_HELP, name
        assert width(setting["label"][language]) <= WIDEST_LABEL, name
        for option in setting.get("options", ()):
            assert width(option["label"][language]) <= WIDEST_LABEL, (name, option["value"])


def test_labels_begin_with_their_group_and_groups_stand_together() -> None:
    groups = [setting["label"]["en_US"].split(" · ")[0] for setting in FORM.values()]
    assert list(dict.fromkeys(groups)) == [
        "Access",
        "App",
        "Webhook",
        "Mapping",
        "Answer",
        "Memory",
        "Limit",
        "Output",
    ]
    changes = [group for group, before in zip(groups, [None, *groups], strict=False) if group != before]
    assert len(changes) == len(set(groups))


def test_every_field_is_of_a_kind_that_the_daemon_takes_and_none_is_required() -> None:
    for setting in FORM.values():
        assert setting["type"] in {"text-input", "secret-input", "select", "app-selector"}
        assert setting["required"] is False
        assert ("options" in setting) == (setting["type"] == "select")
        for option in setting.get("options", ()):
            assert isinstance(option["value"], str)
            assert len(option["value"]) <= LONGEST_VALUE


def test_secrets_are_entered_as_secrets() -> None:
    hidden = {name for name, setting in FORM.items() if setting["type"] == "secret-input"}
    assert hidden == {"api_key", "app_keys", "webhook_secret", "verify_token", "bot_token", "callback_secret"}


def test_the_forms_defaults_are_those_of_the_relay() -> None:
    chosen = {name: setting["default"] for name, setting in FORM.items() if "default" in setting}
    assert {type(default) for default in chosen.values()} == {str}
    assert Settings.read(chosen) == Settings()
    assert set(chosen) == {
        "access",
        "hmac_algorithm",
        "hmac_encoding",
        "reply",
        "memory",
        "memory_days",
        "default_format",
    }


def test_every_choice_of_the_form_is_understood_and_none_is_missing() -> None:
    choices = {name: [option["value"] for option in field.get("options", ())] for name, field in FORM.items()}
    for name, values in choices.items():
        for value in values:
            settings = Settings.read({name: value})
            assert (getattr(settings, name), settings.problems) == (value, ())
    kinds = {"access": Access, "reply": ReplyTo, "memory": MemoryOf, "default_format": DefaultFormat}
    for name, kind in kinds.items():
        assert choices[name] == [*kind]


def test_examples_are_one_line_and_those_of_objects_are_json() -> None:

    for name, setting in FORM.items():
        for example in setting.get("placeholder", {}).values():
            assert "\n" not in example
            assert Settings.read({name: example}).problems == ()
            if name in TEMPLATES:
                assert isinstance(json.loads(example), dict)
    examples = [line.strip() for line in DOCS.splitlines() if line.startswith('    {"')]
    assert len(examples) == 3
    assert all(isinstance(json.loads(example), dict) for example in examples)
