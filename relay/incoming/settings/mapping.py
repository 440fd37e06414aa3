"""What an app gets of a payload that was not written for the relay, and how its answer goes back."""

from typing import Annotated, ClassVar

from relay.incoming.settings.form import FormField, Group, Text


class MappingSettings(Group):
    heading: ClassVar = Text(en_US="Mapping", zh_Hans="映射", ja_JP="マッピング", pt_BR="Mapeamento")

    query_template: Annotated[
        str,
        FormField(
            kind="text-input",
            label=Text(
                en_US="Query template",
                zh_Hans="查询模板",
                ja_JP="クエリテンプレート",
                pt_BR="Modelo de consulta",
            ),
            help=Text(
                en_US="Jinja2 text that becomes the query, from body, headers, query and delivery.",
                zh_Hans="生成查询的 Jinja2 文本，可用 body、headers、query 和 delivery。",
                ja_JP="クエリになる Jinja2 テキスト。body、headers、query、delivery が使えます。",
                pt_BR="Texto Jinja2 que vira a consulta, a partir de body, headers, query e delivery.",
            ),
            placeholder=Text.same("{{ body.comment.body }}"),
        ),
    ] = ""

    inputs_template: Annotated[
        str,
        FormField(
            kind="text-input",
            label=Text(
                en_US="Inputs template",
                zh_Hans="输入模板",
                ja_JP="入力テンプレート",
                pt_BR="Modelo de entradas",
            ),
            help=Text(
                en_US="A JSON object on one line whose texts are Jinja2, from body, headers, query and delivery;"
                " it becomes the app's inputs.",
                zh_Hans="写在一行的 JSON 对象，其文本为 Jinja2，可用 body、headers、query 和 delivery，"
                "作为应用的输入。",
                ja_JP="テキストが Jinja2 の、1 行の JSON オブジェクト。"
                "body、headers、query、delivery が使え、アプリの入力になります。",
                pt_BR="Um objeto JSON em uma linha cujos textos são Jinja2, a partir de body, headers, query e"
                " delivery; vira as entradas do aplicativo.",
            ),
            placeholder=Text.same('{"title": "{{ body.issue.title }}"}'),
        ),
    ] = ""

    user_template: Annotated[
        str,
        FormField(
            kind="text-input",
            label=Text(
                en_US="User template",
                zh_Hans="用户模板",
                ja_JP="ユーザーテンプレート",
                pt_BR="Modelo de usuário",
            ),
            help=Text(
                en_US="Jinja2 text that names the user, to whom a conversation belongs.",
                zh_Hans="标识用户的 Jinja2 文本，会话归属于该用户。",
                ja_JP="会話の持ち主となるユーザーを示す Jinja2 テキスト。",
                pt_BR="Texto Jinja2 que identifica o usuário, dono da conversa.",
            ),
            placeholder=Text.same("{{ body.sender.login }}"),
        ),
    ] = ""

    answer_template: Annotated[
        str,
        FormField(
            kind="text-input",
            label=Text(
                en_US="Answer template",
                zh_Hans="回答模板",
                ja_JP="回答テンプレート",
                pt_BR="Modelo de resposta",
            ),
            help=Text(
                en_US="A JSON object on one line whose texts are Jinja2: the JSON that goes back. It sees answer,"
                " outputs and conversation_id, too.",
                zh_Hans="写在一行的 JSON 对象，其文本为 Jinja2，决定返回的 JSON。"
                "还可用 answer、outputs 和 conversation_id。",
                ja_JP="テキストが Jinja2 の、1 行の JSON オブジェクト。返す JSON になります。"
                "answer、outputs、conversation_id も使えます。",
                pt_BR="Um objeto JSON em uma linha cujos textos são Jinja2: o JSON devolvido. Vê também answer,"
                " outputs e conversation_id.",
            ),
            placeholder=Text.same('{"text": "{{ answer }}"}'),
        ),
    ] = ""
