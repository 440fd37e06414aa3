"""Whose webhooks come, and what proves it."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, SecretStr

from relay.incoming.settings.form import FormField, Group, Text
from relay.incoming.settings.values import several
from relay.senders import SCHEMES

HMAC = "hmac"  # the sender that is no row of the table: the owner describes it

SENDERS: Mapping[str, Text] = {
    **{name: Text.same(scheme.label) for name, scheme in SCHEMES.items()},
    HMAC: Text(
        en_US="Another, signed by HMAC",
        zh_Hans="其他（HMAC 签名）",
        ja_JP="その他（HMAC 署名）",
        pt_BR="Outro, assinado por HMAC",
    ),
}


def _sender(name: str) -> str:
    if name not in SENDERS:
        raise ValueError("no such sender")
    return name


class WebhookSettings(Group):
    heading: ClassVar = Text.same("Webhook")

    webhook: Annotated[
        Annotated[str, AfterValidator(_sender)] | None,
        FormField(
            kind="select",
            label=Text(en_US="Sender", zh_Hans="发送方", ja_JP="送信元", pt_BR="Remetente"),
            help=Text(
                en_US="Whose payload is understood. The signature is checked only when “Who may call” is"
                " “Who signs its requests”.",
                zh_Hans="理解谁的数据。只有“谁可以调用”为“对请求签名的发送方”时才校验签名。",
                ja_JP="誰のペイロードを解釈するか。署名は「呼び出せる人」が「署名付きリクエストの送信元」の"
                "ときだけ検証します。",
                pt_BR="De quem é o conteúdo compreendido. A assinatura só é verificada quando “Quem pode chamar” é"
                " “Quem assina suas requisições”.",
            ),
            options=SENDERS,
        ),
    ] = None

    webhook_secret: Annotated[
        SecretStr,
        FormField(
            kind="secret-input",
            label=Text(en_US="Secret", zh_Hans="密钥", ja_JP="シークレット", pt_BR="Segredo"),
            help=Text(
                en_US="For who signs: what the sender signs with (Discord: the public key); empty refuses them all."
                " Several: separated by commas.",
                zh_Hans="用于签名的发送方：其签名所用的密钥（Discord 为公钥），"
                "为空则全部拒绝。可填多个，用逗号分隔。",
                ja_JP="署名する送信元用：署名に使う値（Discord は公開鍵）。"
                "空ならすべて拒否します。複数はカンマ区切り。",
                pt_BR="Para quem assina: com o que o remetente assina (Discord: a chave pública); vazio recusa todos."
                " Vários: com vírgulas.",
            ),
        ),
    ] = SecretStr("")

    verify_token: Annotated[
        SecretStr,
        FormField(
            kind="secret-input",
            label=Text(
                en_US="Verify token",
                zh_Hans="验证令牌",
                ja_JP="検証トークン",
                pt_BR="Token de verificação",
            ),
            help=Text(
                en_US="Meta only: a text of your own that you enter beside the URL. Empty refuses Meta's check of the"
                " URL. Several: separated by commas.",
                zh_Hans="仅 Meta：与 URL 一起填写的自定文本。为空则拒绝 Meta 对 URL 的验证。可填多个，用逗号分隔。",
                ja_JP="Meta のみ：URL と一緒に入力する任意の文字列。"
                "空なら Meta による URL の確認を拒否します。複数はカンマ区切り。",
                pt_BR="Só Meta: um texto seu, informado junto à URL. Vazio recusa a verificação da URL pela Meta."
                " Vários: com vírgulas.",
            ),
        ),
    ] = SecretStr("")

    hmac_header: Annotated[
        str,
        FormField(
            kind="text-input",
            label=Text(
                en_US="HMAC header",
                zh_Hans="HMAC 请求头",
                ja_JP="HMAC ヘッダー",
                pt_BR="Cabeçalho HMAC",
            ),
            help=Text(
                en_US="For another sender: the header that holds the signature.",
                zh_Hans="其他发送方：包含签名的请求头。",
                ja_JP="その他の送信元：署名を持つヘッダー。",
                pt_BR="Para outro remetente: o cabeçalho que traz a assinatura.",
            ),
            placeholder=Text.same("X-Signature-256"),
        ),
    ] = ""

    hmac_algorithm: Annotated[
        Literal["sha256", "sha512", "sha1"],
        FormField(
            kind="select",
            label=Text(
                en_US="HMAC algorithm",
                zh_Hans="HMAC 算法",
                ja_JP="HMAC アルゴリズム",
                pt_BR="Algoritmo HMAC",
            ),
            help=Text(
                en_US="For another sender: the hash of its HMAC.",
                zh_Hans="其他发送方：HMAC 的哈希算法。",
                ja_JP="その他の送信元：HMAC のハッシュ。",
                pt_BR="Para outro remetente: o hash do HMAC.",
            ),
            options={
                "sha256": Text.same("SHA-256"),
                "sha512": Text.same("SHA-512"),
                "sha1": Text.same("SHA-1"),
            },
        ),
    ] = "sha256"

    hmac_encoding: Annotated[
        Literal["hex", "base64"],
        FormField(
            kind="select",
            label=Text(
                en_US="HMAC encoding",
                zh_Hans="HMAC 编码",
                ja_JP="HMAC エンコーディング",
                pt_BR="Codificação HMAC",
            ),
            help=Text(
                en_US="For another sender: how the signature is written.",
                zh_Hans="其他发送方：签名的书写方式。",
                ja_JP="その他の送信元：署名の表記。",
                pt_BR="Para outro remetente: como a assinatura é escrita.",
            ),
            options={
                "hex": Text(en_US="Hexadecimal", zh_Hans="十六进制", ja_JP="16 進数", pt_BR="Hexadecimal"),
                "base64": Text.same("Base64"),
            },
        ),
    ] = "hex"

    hmac_prefix: Annotated[
        str,
        FormField(
            kind="text-input",
            label=Text(en_US="HMAC prefix", zh_Hans="HMAC 前缀", ja_JP="HMAC 接頭辞", pt_BR="Prefixo HMAC"),
            help=Text(
                en_US="For another sender: what stands before the signature in its header, if anything.",
                zh_Hans="其他发送方：请求头中签名之前的文本（如有）。",
                ja_JP="その他の送信元：ヘッダー内で署名の前に付く文字列（あれば）。",
                pt_BR="Para outro remetente: o que vem antes da assinatura no cabeçalho, se houver.",
            ),
            placeholder=Text.same("sha256="),
        ),
    ] = ""

    run_if: Annotated[
        str,
        FormField(
            kind="text-input",
            label=Text(en_US="Only if", zh_Hans="仅当", ja_JP="実行条件", pt_BR="Só se"),
            help=Text(
                en_US="Jinja2 that says which deliveries run the app: false, 0, no, empty or a missing name"
                " does not.",
                zh_Hans="决定哪些投递运行应用的 Jinja2：false、0、no、空或缺失的名称则不运行。",
                ja_JP="どの配信でアプリを動かすかの Jinja2。false、0、no、空、ない名前なら動かしません。",
                pt_BR="Jinja2 que diz quais entregas executam o app: false, 0, no, vazio ou nome ausente não"
                " executam.",
            ),
            placeholder=Text.same("{{ body.action == 'opened' }}"),
        ),
    ] = ""

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """What a delivery may be signed with; none lets no delivery in."""
        return several(self.webhook_secret)

    @property
    def verify_tokens(self) -> tuple[str, ...]:
        """What Meta may name when it checks the URL. No secret stands in: this token stands in an address."""
        return several(self.verify_token)
