"""In which form an answer goes out, and to whose pages."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AfterValidator

from relay.incoming.settings.form import FormField, Group, Text
from relay.incoming.settings.origin import origin
from relay.incoming.settings.values import Names

EVERY_ORIGIN = "*"


class DefaultFormat(StrEnum):
    """What a caller gets that names no format; AUTO: html for GET, json for POST."""

    AUTO = "auto"
    HTML = "html"
    EVENTS = "events"
    SSE = "sse"
    JSON = "json"
    TEXT = "text"
    NDJSON = "ndjson"


def _origins(texts: frozenset[str]) -> frozenset[str]:
    return frozenset(text if text == EVERY_ORIGIN else origin(text) for text in texts)


class OutputSettings(Group):
    title: ClassVar = Text(en_US="Output", zh_Hans="输出", ja_JP="出力", pt_BR="Saída")

    default_format: Annotated[
        DefaultFormat,
        FormField(
            kind="select",
            label=Text(en_US="Default format", zh_Hans="默认格式", ja_JP="既定の形式", pt_BR="Formato padrão"),
            help=Text(
                en_US="What a caller gets that asks for no format.",
                zh_Hans="调用方未指定格式时返回的形式。",
                ja_JP="呼び出し側が形式を指定しないときの形式。",
                pt_BR="O que recebe quem não pede um formato.",
            ),
            options={
                DefaultFormat.AUTO: Text(
                    en_US="By method (GET a page, POST JSON)",
                    zh_Hans="按请求方法（GET 返回页面，POST 返回 JSON）",
                    ja_JP="メソッドによる（GET はページ、POST は JSON）",
                    pt_BR="Pelo método (GET página, POST JSON)",
                ),
                DefaultFormat.HTML: Text(
                    en_US="Page (HTML)",
                    zh_Hans="页面（HTML）",
                    ja_JP="ページ（HTML）",
                    pt_BR="Página (HTML)",
                ),
                DefaultFormat.EVENTS: Text(
                    en_US="Raw events on a page",
                    zh_Hans="页面上的原始事件",
                    ja_JP="ページ上の生イベント",
                    pt_BR="Eventos brutos em uma página",
                ),
                DefaultFormat.SSE: Text(
                    en_US="Server-sent events",
                    zh_Hans="服务器发送事件（SSE）",
                    ja_JP="サーバー送信イベント（SSE）",
                    pt_BR="Eventos enviados pelo servidor (SSE)",
                ),
                DefaultFormat.JSON: Text(
                    en_US="One answer in JSON",
                    zh_Hans="一个 JSON 回答",
                    ja_JP="1 つの JSON 回答",
                    pt_BR="Uma resposta em JSON",
                ),
                DefaultFormat.TEXT: Text(
                    en_US="Plain text",
                    zh_Hans="纯文本",
                    ja_JP="プレーンテキスト",
                    pt_BR="Texto simples",
                ),
                DefaultFormat.NDJSON: Text(
                    en_US="One event a line (NDJSON)",
                    zh_Hans="每行一个事件（NDJSON）",
                    ja_JP="1 行 1 イベント（NDJSON）",
                    pt_BR="Um evento por linha (NDJSON)",
                ),
            },
        ),
    ] = DefaultFormat.AUTO

    cors_origins: Annotated[
        Names,
        AfterValidator(_origins),
        FormField(
            kind="text-input",
            label=Text(en_US="CORS origins", zh_Hans="CORS 来源", ja_JP="CORS オリジン", pt_BR="Origens CORS"),
            help=Text(
                en_US="Origins whose pages may call from a browser, separated by commas, or * for all."
                " Empty means none.",
                zh_Hans="允许从浏览器调用的来源，用逗号分隔，* 表示全部。留空表示不允许。",
                ja_JP="ブラウザからの呼び出しを許可するオリジンをカンマ区切りで。* は全部、空は許可なし。",
                pt_BR="Origens cujas páginas podem chamar pelo navegador, separadas por vírgulas, ou * para todas."
                " Vazio significa nenhuma.",
            ),
            placeholder=Text.same("https://www.example.org"),
        ),
    ] = frozenset()
