"""What can be wrong with what a person has filled in."""

from collections.abc import Mapping
from enum import StrEnum

from relay.errors import InvalidParam


class Rule(StrEnum):
    """A rule of the form, by the name that the page's texts have for it."""

    REQUIRED = "required"
    TOO_LONG = "too_long"  # over `limit` characters
    NOT_A_NUMBER = "not_a_number"
    NOT_AN_OPTION = "not_an_option"
    NOT_JSON = "not_json"  # that is, no JSON object
    TOO_MANY_FILES = "too_many_files"  # over `limit`
    NOT_A_FILE = "not_a_file"  # an address that is none


_TOLD: Mapping[Rule, str] = {
    Rule.REQUIRED: "{label} is required.",
    Rule.TOO_LONG: "{label} may have at most {limit} characters.",
    Rule.NOT_A_NUMBER: "{label} must be a number.",
    Rule.NOT_AN_OPTION: "{label} must be one of its options.",
    Rule.NOT_JSON: "{label} must be a JSON object.",
    Rule.TOO_MANY_FILES: "{label} takes at most {limit} files.",
    Rule.NOT_A_FILE: "{label} takes a file's address, which begins with https:// or http://.",
}


class Wrong(InvalidParam):
    """One field of the form breaks a rule; the page says so in its reader's language."""

    def __init__(self, rule: Rule, *, name: str, label: str, limit: int = 0) -> None:
        """Take the rule, the input's name ("query" for the question, "files" beside the inputs), and its label."""
        super().__init__(_TOLD[rule].format(label=label, limit=limit), param=name)
        self.rule = rule
        self.name = name
        self.label = label
        self.limit = limit
