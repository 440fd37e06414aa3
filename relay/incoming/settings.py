"""An endpoint's settings, as its owner chose them on Dify's page.

Dify hands them over at every request, and not always whole: a field may be null, missing, or 0/1 for a switch.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from relay.errors import AppUnavailable

SHORTEST_SECRET = 6  # characters, of several


class Access(StrEnum):
    """Who may call: whoever holds the key, who signs its requests, or everyone."""

    KEY = "key"
    SIGNATURE = "signature"
    PUBLIC = "public"


class DefaultFormat(StrEnum):
    """What a caller gets that names no format; AUTO: html for GET, json for POST."""

    AUTO = "auto"
    SSE = "sse"
    HTML = "html"
    EVENTS = "events"
    JSON = "json"
    TEXT = "text"
    NDJSON = "ndjson"


def _split(value: Any) -> Any:
    """Read "a, b" into {"a", "b"}; owners also put one on each line."""
    return frozenset(value.replace(",", " ").split()) if isinstance(value, str) else value


def _app_id(value: Any) -> Any:
    """Take the id out of what an app selector stores: `{"app_id": …, …}`."""
    return value.get("app_id") if isinstance(value, Mapping) else value


def _trim(value: Any) -> Any:
    """Drop the blanks that come along when a key is pasted."""
    return value.strip() if isinstance(value, str) else value


type Names = Annotated[frozenset[str], BeforeValidator(_split)]
type Secret = Annotated[SecretStr, BeforeValidator(_trim)]


class Webhook(StrEnum):
    """Whose webhooks come: a row of `relay.senders`'s table."""

    STANDARD_WEBHOOKS = "standard-webhooks"
    GITHUB = "github"
    GITLAB = "gitlab"
    SLACK = "slack"
    STRIPE = "stripe"
    SHOPIFY = "shopify"
    DISCORD = "discord"
    LINE = "line"
    TELEGRAM = "telegram"
    META = "meta"
    MICROSOFT_GRAPH = "microsoft-graph"
    HMAC = "hmac"


class MemoryOf(StrEnum):
    """Whose conversations are kept."""

    OFF = "off"
    USER = "user"


class Settings(BaseModel):
    """One endpoint's settings, with the default of each."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    access: Access = Access.KEY
    api_key: Secret = SecretStr("")
    app: Annotated[str, BeforeValidator(_app_id)] = ""
    allowed_apps: Names = frozenset()
    webhook: Webhook | None = None
    webhook_secret: Secret = SecretStr("")  # several, separated by spaces, while they are rotated
    verify_token: Secret = SecretStr("")
    hmac_header: str = ""
    hmac_algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    hmac_encoding: Literal["hex", "base64"] = "hex"
    hmac_prefix: str = ""
    query_template: str = ""
    inputs_template: str = ""
    user_template: str = ""
    answer_template: str = ""
    memory: MemoryOf = MemoryOf.OFF
    memory_days: Annotated[float, Field(gt=0, le=3650, allow_inf_nan=False)] = 7.0
    default_format: DefaultFormat = DefaultFormat.AUTO
    cors_origins: Names = frozenset()

    @classmethod
    def read(cls, settings: Mapping[str, Any]) -> Self:
        """Read what Dify hands over: null, "" and missing are the default.

        Raises AppUnavailable, which names the setting but not its value, when one can't be understood.
        """
        given = {name: value for name, value in settings.items() if value is not None and value != ""}
        if isinstance(app := given.get("app"), Mapping) and not app.get("app_id"):
            del given["app"]  # a selector in which nothing was picked
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            names = ", ".join(sorted({str(problem["loc"][0]) for problem in error.errors()}))
            raise AppUnavailable(f"This endpoint's settings can't be understood: check {names}.") from None

    @property
    def webhook_secrets(self) -> list[str]:
        """The secrets that are good at the moment: one, or several separated by spaces.

        A text with shorter words than a secret has is one secret with spaces in it; its words must not be good alone.
        """
        secret = self.webhook_secret.get_secret_value()
        words = secret.split()
        return words if all(len(word) >= SHORTEST_SECRET for word in words) else [secret]

    @property
    def verify_tokens(self) -> list[str]:
        """What Meta may name when it sets the webhook up."""
        token = self.verify_token.get_secret_value()
        return [token] if token else []

    @property
    def reachable_apps(self) -> frozenset[str]:
        """The apps that the owner named, by picking or by list; empty for none."""
        return self.allowed_apps | ({self.app} if self.app else frozenset())
