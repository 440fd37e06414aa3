"""Who may call."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import SecretStr

from relay.incoming.settings.form import FormField, Group, Text
from relay.incoming.settings.values import several


class Access(StrEnum):
    """Who may call: whoever holds the key, who signs its requests, or everyone."""

    KEY = "key"
    SIGNATURE = "signature"
    PUBLIC = "public"


class AccessSettings(Group):
    heading: ClassVar = Text(en_US="Access", zh_Hans="访问", ja_JP="アクセス", pt_BR="Acesso")

    access: Annotated[
        Access,
        FormField(
            kind="select",
            label=Text(
                en_US="Who may call",
                zh_Hans="谁可以调用",
                ja_JP="呼び出せる人",
                pt_BR="Quem pode chamar",
            ),
            help=Text(
                en_US="The key reaches every app, or those allowed; all others only the apps named below."
                " The public is remembered only if a template names the user.",
                zh_Hans="密钥可调用所有应用或允许的应用；其他方式仅限下面指定的应用。公开访问时，只有模板指定用户才会记住会话。",
                ja_JP="キーなら全アプリまたは許可したアプリ、それ以外は下で指定したアプリだけです。"
                "公開では、テンプレートがユーザーを示すときだけ会話を記憶します。",
                pt_BR="A chave alcança todos os aplicativos ou os permitidos; os demais, só os indicados abaixo."
                " O público só é lembrado se um modelo indicar o usuário.",
            ),
            options={
                Access.KEY: Text(
                    en_US="Whoever holds the API key",
                    zh_Hans="持有 API 密钥的人",
                    ja_JP="API キーを持つ人",
                    pt_BR="Quem tem a chave de API",
                ),
                Access.SIGNATURE: Text(
                    en_US="Who signs its requests (webhooks)",
                    zh_Hans="对请求签名的发送方（Webhook）",
                    ja_JP="署名付きリクエスト（Webhook）の送信元",
                    pt_BR="Quem assina suas requisições (webhooks)",
                ),
                Access.PUBLIC: Text(
                    en_US="Everyone",
                    zh_Hans="所有人",
                    ja_JP="全員",
                    pt_BR="Todos",
                ),
            },
        ),
    ] = Access.KEY

    api_key: Annotated[
        SecretStr,
        FormField(
            kind="secret-input",
            label=Text(en_US="API key", zh_Hans="API 密钥", ja_JP="API キー", pt_BR="Chave de API"),
            help=Text(
                en_US="For callers with the key: any long random text; empty refuses them all. Several: separated"
                " by commas. Sent as Authorization: Bearer or X-API-Key.",
                zh_Hans="用于持有密钥的调用方：任意的长随机文本，为空则全部拒绝。可填多个，用逗号分隔。"
                "以 Authorization: Bearer 或 X-API-Key 发送。",
                ja_JP="キーで呼び出す人用：長いランダムな文字列。空なら全員を拒否します。複数はカンマ区切り。"
                "Authorization: Bearer か X-API-Key で送ります。",
                pt_BR="Para quem chama com a chave: um texto longo e aleatório; vazia, recusa todos."
                " Várias: com vírgulas. Vai em Authorization: Bearer ou X-API-Key.",
            ),
            placeholder=Text(
                en_US="A long random text",
                zh_Hans="长随机文本",
                ja_JP="長いランダムな文字列",
                pt_BR="Um texto longo e aleatório",
            ),
        ),
    ] = SecretStr("")

    @property
    def api_keys(self) -> tuple[str, ...]:
        """The keys that open; none lets nobody in."""
        return several(self.api_key)
