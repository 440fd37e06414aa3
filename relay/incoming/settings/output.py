"""In which form an answer goes out, to whose pages, and how ours look."""

import re
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AfterValidator

from relay.incoming.settings.form import FormField, Group, Text
from relay.incoming.settings.origin import origin
from relay.incoming.settings.values import Names

EVERY_ORIGIN = "*"
EVERY_HOST = "*"
LONGEST_TITLE = 80  # characters

_COLOUR = re.compile(r"#[0-9a-f]{6}", re.ASCII)
_UNFIT = frozenset("/?#@\\")
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::[1-9][0-9]{0,4})?", re.ASCII)


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


def _hosts(texts: frozenset[str]) -> frozenset[str]:
    return frozenset(text if text == EVERY_HOST else _host(text) for text in texts)


def _host(text: str) -> str:
    """Write a host, perhaps with a port, or `*.` and a host, as a page's policy names it. Raises ValueError for none.

    Source: CSP Level 3, 2.3.1, "host-source".
    """
    below = text.removeprefix("https://").rstrip("/")
    parent = below.removeprefix("*.")
    host = origin(f"https://{parent}").removeprefix("https://")
    # an origin leaves out a path and a user, and whoever wrote one meant something by it
    if not _UNFIT.isdisjoint(parent) or parent.endswith(":") or not _HOST.fullmatch(host):
        raise ValueError("no host")
    return f"*.{host}" if below != parent else host


def _title(text: str) -> str:
    title = text.strip()
    if len(title) > LONGEST_TITLE or not title.isprintable():
        raise ValueError("no title")
    return title


def _colour(text: str) -> str:
    colour = text.strip().lower()
    if not _COLOUR.fullmatch(colour):
        raise ValueError("no colour")
    return colour


class OutputSettings(Group):
    heading: ClassVar = Text(en_US="Output", zh_Hans="输出", ja_JP="出力", pt_BR="Saída")

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

    title: Annotated[
        Annotated[str, AfterValidator(_title)],
        FormField(
            kind="text-input",
            label=Text(en_US="Page title", zh_Hans="页面标题", ja_JP="ページの見出し", pt_BR="Título da página"),
            help=Text(
                en_US="Stands above the pages that people see. Empty: the app's name.",
                zh_Hans="显示在用户所见页面的上方。留空：应用名称。",
                ja_JP="利用者に見えるページの上に表示します。空：アプリの名前。",
                pt_BR="Aparece acima das páginas que as pessoas veem. Vazio: o nome do aplicativo.",
            ),
            placeholder=Text.same("Duck & Pond"),
        ),
    ] = ""

    accent: Annotated[
        Annotated[str, AfterValidator(_colour)],
        FormField(
            kind="text-input",
            label=Text(en_US="Page colour", zh_Hans="页面颜色", ja_JP="ページの色", pt_BR="Cor da página"),
            help=Text(
                en_US="The colour of buttons and edges on pages, as #rrggbb.",
                zh_Hans="页面上按钮和边线的颜色，格式为 #rrggbb。",
                ja_JP="ページのボタンや枠線の色。#rrggbb の形式。",
                pt_BR="A cor dos botões e das bordas nas páginas, como #rrggbb.",
            ),
            placeholder=Text.same("#0b6e4f"),
        ),
    ] = ""

    image_hosts: Annotated[
        Annotated[Names, AfterValidator(_hosts)],
        FormField(
            kind="text-input",
            label=Text(
                en_US="Picture hosts", zh_Hans="图片主机", ja_JP="画像のホスト", pt_BR="Servidores de imagens"
            ),
            help=Text(
                en_US="Hosts whose pictures pages show, by commas; *.host, or * for all. Others become links: a"
                " picture"
                " tells its host who reads.",
                zh_Hans="页面可显示其图片的主机，用逗号分隔；可用 *.主机，* 表示全部。其他图片显示为链接，"
                "因为图片会让其主机知道谁在阅读。",
                ja_JP="ページに画像を表示してよいホストをカンマ区切りで。*.ホスト、* は全部。"
                "ほかはリンクになります：画像は読み手をホストに知らせるため。",
                pt_BR="Servidores cujas imagens as páginas mostram, por vírgulas; *.servidor, * para todos. As"
                " demais viram"
                " links.",
            ),
            placeholder=Text.same("files.dify.ai, *.example.org"),
        ),
    ] = frozenset()
