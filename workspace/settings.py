"""The workspace's own settings, from the environment or a `.env` file."""

from typing import Any

from pydantic_settings import BaseSettings, SettingsConfigDict

DEMO_KEY = "quack-quack"
DEMO_APPS = (
    *("demo-guide", "demo-report", "demo-agent", "demo-approval"),
    *("demo-chat", "demo-workflow", "demo-completion"),
)
DEMO_MODELS = {"duck-chat": "demo-chat", "duck-workflow": "demo-workflow"}
"""Under which names clients of OpenAI's API see them."""


class Settings(BaseSettings):
    """Everything optional; unknown names belong to the plugin."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True)

    port: int = 5002
    duck_settings: dict[str, Any] = {"access": "key", "api_key": DEMO_KEY}
    """JSON: the settings of the endpoint with the hook id `duck`."""

    dify_api_url: str | None = None
    """Base URL of a real Dify's Service API, like http://localhost/v1."""
    dify_api_keys: dict[str, str] = {}
    """JSON: `{"<app id>": "app-…"}`, the apps of that Dify and their keys."""

    openai_base_url: str | None = None
    """Base URL of any OpenAI-compatible API; its model becomes the app `demo-model`."""
    openai_api_key: str = ""
    openai_model: str = ""
