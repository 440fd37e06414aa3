"""Whose conversations go on from one call to the next, and for how long."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from relay.incoming.settings.form import FormField, Group, Text


class MemoryOf(StrEnum):
    """Whose conversations are kept; AUTO: of each thread or user that is answered where it asked."""

    AUTO = "auto"
    OFF = "off"
    USER = "user"


class MemorySettings(Group):
    heading: ClassVar = Text(en_US="Memory", zh_Hans="记忆", ja_JP="記憶", pt_BR="Memória")

    memory: Annotated[
        MemoryOf,
        FormField(
            kind="select",
            label=Text(en_US="Conversations", zh_Hans="会话", ja_JP="会話", pt_BR="Conversas"),
            help=Text(
                en_US="Whether a user's next call goes on in the same conversation. A template, the webhook or a"
                " caller with the key names the user.",
                zh_Hans="同一用户的下一次调用是否延续同一会话。用户由模板、Webhook 或持有密钥的调用方指定。",
                ja_JP="同じユーザーの次の呼び出しで会話を続けるか。ユーザーはテンプレート、Webhook、キーを持つ呼び出し側が示します。",
                pt_BR="Se a próxima chamada de um usuário continua a mesma conversa. Um modelo, o webhook ou quem tem"
                " a chave indica o usuário.",
            ),
            options={
                MemoryOf.AUTO: Text(
                    en_US="Where an answer goes back into a chat",
                    zh_Hans="回答发回聊天时",
                    ja_JP="チャットに回答するとき",
                    pt_BR="Onde a resposta volta a um chat",
                ),
                MemoryOf.OFF: Text(
                    en_US="Off: every call begins a conversation",
                    zh_Hans="关闭：每次调用开始新会话",
                    ja_JP="オフ：毎回新しい会話",
                    pt_BR="Desligada: cada chamada inicia uma conversa",
                ),
                MemoryOf.USER: Text(
                    en_US="Per user",
                    zh_Hans="按用户",
                    ja_JP="ユーザーごと",
                    pt_BR="Por usuário",
                ),
            },
        ),
    ] = MemoryOf.AUTO

    memory_days: Annotated[
        float,
        Field(gt=0, le=3650, allow_inf_nan=False),
        FormField(
            kind="text-input",
            label=Text(en_US="Days", zh_Hans="天数", ja_JP="日数", pt_BR="Dias"),
            help=Text(
                en_US="After so many days without a call a conversation is forgotten: a number, at most 3650.",
                zh_Hans="多少天没有调用后忘记会话：数字，最多 3650。",
                ja_JP="この日数呼び出しがないと会話を忘れます。数値で、最大 3650。",
                pt_BR="Após tantos dias sem chamada, a conversa é esquecida: um número, no máximo 3650.",
            ),
        ),
    ] = 7.0
