"""What an app tells of itself: `/parameters`, `/info`, `/meta` and `/site`.

Source: langgenius/dify, api/controllers/service_api/app: app.py, site.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import JSONResponse, Response

from workspace.apps.form import system_parameters
from workspace.service_api.asked import Asked

_OFF: Mapping[str, Any] = {"enabled": False}
_PARAMETERS: Mapping[str, Any] = {
    "opening_statement": "",
    "suggested_questions": [],
    "suggested_questions_after_answer": _OFF,
    "speech_to_text": _OFF,
    "text_to_speech": _OFF,
    "retriever_resource": _OFF,
    "annotation_reply": _OFF,
    "more_like_this": _OFF,
    "user_input_form": [],
    "sensitive_word_avoidance": _OFF,
    "file_upload": _OFF,
    "system_parameters": system_parameters(),
}


@dataclass(frozen=True, slots=True)
class _Sign:
    """How an app presents itself; the scripted ones are called by their id."""

    name: str
    description: str
    icon: str


_SIGNS: Mapping[str, _Sign] = {
    "demo-guide": _Sign("Guide to the pond", "Plans your visit.", "🦆"),
    "demo-report": _Sign("Report on ducks", "Writes in four steps, from what you fill in.", "📄"),
    "demo-agent": _Sign("Duck that looks things up", "Shows its tools and its sources.", "🔎"),
    "demo-approval": _Sign("Duck that asks first", "Waits for a person.", "✋"),
    "demo-chat": _Sign("Duck of the pond", "Talks about what you say.", "🦆"),
    "demo-workflow": _Sign("Duck at work", "Splits, counts and sums up a text.", "🧮"),
    "demo-completion": _Sign("Duck that writes", "Two lines about a topic.", "🪶"),
    "demo-model": _Sign("Duck with a model", "Hands the talk to a model.", "🧠"),
}


def _sign(app_id: str) -> _Sign:
    return _SIGNS.get(app_id) or _Sign(app_id, "", "🤖")


async def parameters(asked: Asked) -> Response:
    return JSONResponse({**_PARAMETERS, **await asked.app.parameters()})


async def info(asked: Asked) -> Response:
    sign = _sign(asked.app_id)
    return JSONResponse(
        {
            "name": sign.name,
            "description": sign.description,
            "tags": ["duck"],
            "mode": asked.mode,
            "author_name": "workspace",
        }
    )


async def meta(_asked: Asked) -> Response:
    return JSONResponse({"tool_icons": {}})


async def site(asked: Asked) -> Response:
    sign = _sign(asked.app_id)
    return JSONResponse(
        {
            "title": sign.name,
            "chat_color_theme": None,
            "chat_color_theme_inverted": False,
            "icon_type": "emoji",
            "icon": sign.icon,
            "icon_background": "#FFEAD5",
            "icon_url": None,
            "description": sign.description,
            "copyright": None,
            "privacy_policy": None,
            "custom_disclaimer": None,
            "default_language": "en-US",
            "show_workflow_steps": True,
            "use_icon_as_answer_icon": False,
        }
    )
