"""Where an answer goes, and what is needed to bring it there."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AfterValidator, SecretStr

from relay.incoming.settings.form import FormField, Group, Text
from relay.incoming.settings.origin import origin
from relay.incoming.settings.values import Names, address, several
from relay.senders.standard_webhooks import signing_key


class ReplyTo(StrEnum):
    """Where the answer goes."""

    RESPONSE = "response"
    SENDER = "sender"
    CALLBACK = "callback"


def _origins(texts: frozenset[str]) -> frozenset[str]:
    return frozenset(map(origin, texts))


def _signing(secret: SecretStr) -> SecretStr:
    """Take secrets that can sign. Raises ValueError if one can't."""
    for one in several(secret):
        signing_key(one)
    return secret


class ReplySettings(Group):
    heading: ClassVar = Text(en_US="Answer", zh_Hans="回答", ja_JP="回答", pt_BR="Resposta")

    reply: Annotated[
        ReplyTo,
        FormField(
            kind="select",
            label=Text(en_US="Goes to", zh_Hans="发往", ja_JP="送り先", pt_BR="Vai para"),
            help=Text(
                en_US="Senders that hang up early get their answer where the question was asked, or at your address.",
                zh_Hans="提前挂断的发送方，会在提问之处或您的地址收到回答。",
                ja_JP="早く切断する送信元には、質問された場所か指定のアドレスで回答します。",
                pt_BR="Remetentes que desligam cedo recebem a resposta onde perguntaram, ou no seu endereço.",
            ),
            options={
                ReplyTo.RESPONSE: Text(
                    en_US="The response", zh_Hans="响应", ja_JP="レスポンス", pt_BR="A resposta HTTP"
                ),
                ReplyTo.SENDER: Text(
                    en_US="Where the question was asked",
                    zh_Hans="提问之处",
                    ja_JP="質問された場所",
                    pt_BR="Onde a pergunta foi feita",
                ),
                ReplyTo.CALLBACK: Text(
                    en_US="A callback address",
                    zh_Hans="回调地址",
                    ja_JP="コールバック先",
                    pt_BR="Um endereço de callback",
                ),
            },
        ),
    ] = ReplyTo.RESPONSE

    bot_token: Annotated[
        SecretStr,
        FormField(
            kind="secret-input",
            label=Text(en_US="Bot token", zh_Hans="机器人令牌", ja_JP="ボットトークン", pt_BR="Token do bot"),
            help=Text(
                en_US="What the sender's API wants, to answer there. LINE: answers after half a minute are"
                " pushed, and"
                " count against its quota.",
                zh_Hans="在发送方处回答所需的 API 令牌。LINE：半分钟后的回答改为推送，计入其配额。",
                ja_JP="送信元の API で回答するためのトークン。LINE では 30 秒以降の回答はプッシュとなり、"
                "上限に数えられます。",
                pt_BR="O que a API do remetente exige para responder lá. LINE: após meio minuto a resposta é"
                " push e conta"
                " na cota.",
            ),
        ),
    ] = SecretStr("")

    bot_id: Annotated[
        str,
        FormField(
            kind="text-input",
            label=Text(en_US="Bot's name", zh_Hans="机器人名称", ja_JP="ボット名", pt_BR="Nome do bot"),
            help=Text(
                en_US="Telegram, GitHub, GitLab: the account that the token belongs to, so that it hears when it is"
                " meant and never answers itself.",
                zh_Hans="Telegram、GitHub、GitLab：令牌所属的账户，以便知道何时被提及，且不回答自己。",
                ja_JP="Telegram、GitHub、GitLab：トークンのアカウント。呼びかけを聞き分け、自分には答えません。",
                pt_BR="Telegram, GitHub, GitLab: a conta do token, para saber quando é chamada e nunca"
                " responder a si.",
            ),
            placeholder=Text.same("quackbot"),
        ),
    ] = ""

    sender_url: Annotated[
        Annotated[str, AfterValidator(address)] | None,
        FormField(
            kind="text-input",
            label=Text(
                en_US="Sender's address", zh_Hans="发送方地址", ja_JP="送信元アドレス", pt_BR="Endereço do remetente"
            ),
            help=Text(
                en_US="GitHub Enterprise, a GitLab of your own: the address of its API. Empty: the public one.",
                zh_Hans="GitHub Enterprise、自建 GitLab：其 API 地址。留空为公共地址。",
                ja_JP="GitHub Enterprise や自前の GitLab：API のアドレス。空なら公開のもの。",
                pt_BR="GitHub Enterprise, um GitLab próprio: o endereço da API. Vazio: o público.",
            ),
            placeholder=Text.same("https://gitlab.example.org/api/v4"),
        ),
    ] = None

    callback_url: Annotated[
        str,
        FormField(
            kind="text-input",
            label=Text(
                en_US="Callback address", zh_Hans="回调地址", ja_JP="コールバック先", pt_BR="Endereço de callback"
            ),
            help=Text(
                en_US="Where the answer is posted: an https address, or a Jinja2 template for one.",
                zh_Hans="回答发往的 https 地址，或其 Jinja2 模板。",
                ja_JP="回答を POST する https アドレス、またはその Jinja2 テンプレート。",
                pt_BR="Para onde a resposta é enviada: um endereço https, ou um modelo Jinja2 dele.",
            ),
            placeholder=Text.same("https://example.org/answers"),
        ),
    ] = ""

    callback_secret: Annotated[
        Annotated[SecretStr, AfterValidator(_signing)],
        FormField(
            kind="secret-input",
            label=Text(
                en_US="Callback secret", zh_Hans="回调密钥", ja_JP="コールバック秘密", pt_BR="Segredo do callback"
            ),
            help=Text(
                en_US="Signs what is posted, as Standard Webhooks says: whsec_ and Base64.",
                zh_Hans="按 Standard Webhooks 为回调签名：whsec_ 加 Base64。",
                ja_JP="Standard Webhooks に従って署名します：whsec_ と Base64。",
                pt_BR="Assina o que é enviado, conforme Standard Webhooks: whsec_ e Base64.",
            ),
        ),
    ] = SecretStr("")

    callback_hosts: Annotated[
        Annotated[Names, AfterValidator(_origins)],
        FormField(
            kind="text-input",
            label=Text(
                en_US="Callback origins", zh_Hans="回调来源", ja_JP="コールバック元", pt_BR="Origens de callback"
            ),
            help=Text(
                en_US="Origins that a template may name, or that are inside your network, separated by commas.",
                zh_Hans="模板可使用的、或位于内网的来源，用逗号分隔。",
                ja_JP="テンプレートが指定してよい、または社内のオリジンをカンマ区切りで。",
                pt_BR="Origens que um modelo pode indicar, ou da sua rede interna, separadas por vírgulas.",
            ),
            placeholder=Text.same("http://n8n.internal:5678"),
        ),
    ] = frozenset()

    relay_url: Annotated[
        Annotated[str, AfterValidator(address)] | None,
        FormField(
            kind="text-input",
            label=Text(
                en_US="This endpoint's URL",
                zh_Hans="本端点地址",
                ja_JP="このエンドポイントの URL",
                pt_BR="URL deste endpoint",
            ),
            help=Text(
                en_US="As the plugin itself reaches it. Empty: found out where Dify runs the plugin beside itself.",
                zh_Hans="插件自身可访问的地址。留空：在 Dify 本机运行插件时自动得知。",
                ja_JP="プラグイン自身が届くアドレス。空：Dify と同じ場所で動くなら自動。",
                pt_BR="Como o próprio plugin a alcança. Vazio: descoberta quando o Dify roda o plugin ao seu lado.",
            ),
            placeholder=Text.same("https://dify.example.org/e/abc123"),
        ),
    ] = None

    @property
    def callback_secrets(self) -> tuple[str, ...]:
        """What a callback is signed with: each gives a signature of its own, while one replaces another."""
        return several(self.callback_secret)
