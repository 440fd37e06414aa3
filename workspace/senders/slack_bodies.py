"""What Slack's methods take. Source: Slack docs, the pages of each method."""

from typing import Any

from pydantic import Field

from workspace.senders.standin import Body

BLOCKS = 50
_CHANNEL = r"[CDG][A-Z0-9]{2,20}"
_TS = r"\d{1,12}\.\d{1,6}"


class Place(Body):
    channel: str = Field(pattern=rf"^{_CHANNEL}$")


class Said(Body):
    """What a message says."""

    text: str | None = None
    markdown_text: str | None = None
    blocks: list[dict[str, Any]] | None = None


class PostMessage(Place, Said):
    thread_ts: str | None = Field(None, pattern=rf"^{_TS}$")
    reply_broadcast: bool | None = None
    mrkdwn: bool | None = None
    unfurl_links: bool | None = None
    unfurl_media: bool | None = None
    parse: str | None = None
    metadata: dict[str, Any] | None = None


class Update(Place, Said):
    ts: str = Field(pattern=rf"^{_TS}$")


class Delete(Place):
    ts: str = Field(pattern=rf"^{_TS}$")


class StartStream(Place):
    thread_ts: str = Field(pattern=rf"^{_TS}$")
    markdown_text: str | None = None
    chunks: list[dict[str, Any]] | None = None
    recipient_team_id: str | None = None
    recipient_user_id: str | None = None
    task_display_mode: str | None = None


class AppendStream(Place):
    ts: str = Field(pattern=rf"^{_TS}$")
    markdown_text: str | None = None
    chunks: list[dict[str, Any]] | None = None


class StopStream(AppendStream):
    blocks: list[dict[str, Any]] | None = Field(None, max_length=BLOCKS)


class SetStatus(Body):
    channel_id: str = Field(pattern=rf"^{_CHANNEL}$")
    thread_ts: str = Field(pattern=rf"^{_TS}$")
    status: str
    loading_messages: list[str] | None = Field(None, max_length=10)


class Responded(Said):
    """What a response_url takes."""

    response_type: str | None = Field(None, pattern="^(in_channel|ephemeral)$")
    replace_original: bool | None = None
    delete_original: bool | None = None
    thread_ts: str | None = None
