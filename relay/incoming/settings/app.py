"""Which app runs, and which may."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, InstanceOf, SecretStr

from relay.incoming.settings.form import FormField, Group, Text
from relay.incoming.settings.values import Named, address, keys_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PickedApp:
    """What the owner picked, and filled in beside it, which every call of that app starts from."""

    app_id: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[Mapping[str, Any], ...] = ()  # as in Dify's Service API


def _pick(value: Any) -> Any:
    """Read an app selector's value, `{"app_id", "inputs": {…}, "files": […], "type"}`, or an id alone.

    None when nothing was picked. Source: langgenius/dify, web, app-selector.
    """
    if isinstance(value, str):
        value = {"app_id": value}
    if not isinstance(value, Mapping):
        raise ValueError("not an app selector's value")  # noqa: TRY004 - pydantic takes a TypeError for a defect
    app_id, inputs, files = (value.get(name) for name in ("app_id", "inputs", "files"))
    if app_id is None:
        return None
    if not isinstance(app_id, str):
        raise ValueError("not an app's id")  # noqa: TRY004 - as above
    if not (app_id := app_id.strip()):
        return None
    return PickedApp(
        app_id=app_id,
        inputs=inputs if isinstance(inputs, Mapping) else {},
        files=tuple(file for file in files if isinstance(file, Mapping)) if isinstance(files, list) else (),
    )


def _keys(secret: SecretStr) -> SecretStr:
    keys_of(secret.get_secret_value())
    return secret


def _base(text: str) -> str:
    """Take the address of a Service API; where it is a host alone, what Dify has below it."""
    base = address(text)
    return base if urlsplit(base).path else f"{base}/v1"


class AppSettings(Group):
    heading: ClassVar = Text(en_US="App", zh_Hans="应用", ja_JP="アプリ", pt_BR="Aplicativo")

    app: Annotated[
        InstanceOf[PickedApp] | None,
        BeforeValidator(_pick),
        FormField(
            kind="app-selector",
            label=Text(
                en_US="Default app",
                zh_Hans="默认应用",
                ja_JP="既定のアプリ",
                pt_BR="Aplicativo padrão",
            ),
            help=Text(
                en_US="Runs when the address names no app. What you fill in with it"
                " is where every call of it starts.",
                zh_Hans="地址中未指定应用时运行的应用。在此填写的输入是该应用每次调用的默认值。",
                ja_JP="アドレスがアプリを指定しないときに実行します。"
                "ここで入力した値は、このアプリの毎回の呼び出しの初期値です。",
                pt_BR="Executado quando o endereço não indica nenhum. O que você preenche com ele é o ponto de"
                " partida de cada chamada dele.",
            ),
        ),
    ] = None

    allowed_apps: Annotated[
        Named,
        FormField(
            kind="text-input",
            label=Text(
                en_US="Allowed apps",
                zh_Hans="允许的应用",
                ja_JP="許可するアプリ",
                pt_BR="Aplicativos permitidos",
            ),
            help=Text(
                en_US="App ids, or name=id for OpenAI clients, by commas. Naming any closes all others."
                " Empty: every app with the key, else the default app.",
                zh_Hans="应用 ID，或供 OpenAI 客户端使用的 名称=ID，用逗号分隔。填写后，其他应用一律关闭。"
                "留空：持有密钥者可调用所有应用，其他方式只能调用默认应用。",
                ja_JP="アプリ ID、または OpenAI クライアント用の 名前=ID をカンマ区切りで。"
                "書くと、ほかはすべて閉じます。空：キーを持つ人は全アプリ、それ以外は既定のアプリだけ。",
                pt_BR="IDs de apps, ou nome=id para clientes OpenAI, com vírgulas. Indicar algum fecha os outros."
                " Vazio: todos com a chave, senão só o padrão.",
            ),
            placeholder=Text.same("gpt-duck=2b0c6a1e-…, 9f3d…"),
        ),
    ] = {}  # noqa: RUF012 - pydantic gives each its own

    app_keys: Annotated[
        SecretStr,
        AfterValidator(_keys),
        FormField(
            kind="secret-input",
            label=Text(
                en_US="Keys of apps",
                zh_Hans="应用的 API 密钥",
                ja_JP="アプリの API キー",
                pt_BR="Chaves de aplicativos",
            ),
            help=Text(
                en_US="app id=app-…, by commas: these run by Dify's Service API instead: completion apps, files"
                " beside inputs, up to 10 minutes.",
                zh_Hans="应用 ID=app-…，用逗号分隔：改由 Dify 服务 API 运行，支持文本生成应用、"
                "输入之外的文件、最长 10 分钟。",
                ja_JP="アプリ ID=app-… をカンマ区切りで：Dify のサービス API で実行。テキスト生成、"
                "入力以外のファイル、10 分まで。",
                pt_BR="id=app-…, com vírgulas: rodam pela API de serviço do Dify: apps de texto, arquivos além das"
                " entradas, até 10 minutos.",
            ),
            placeholder=Text.same("2b0c6a1e-…=app-..."),
        ),
    ] = SecretStr("")

    service_api_url: Annotated[
        Annotated[str, AfterValidator(_base)] | None,
        FormField(
            kind="text-input",
            label=Text(
                en_US="Service API address",
                zh_Hans="服务 API 地址",
                ja_JP="サービス API のアドレス",
                pt_BR="Endereço da API de serviço",
            ),
            help=Text(
                en_US="With keys of apps: the API server that Dify shows on an app's API Access page, as the plugin"
                " reaches it.",
                zh_Hans="配合应用的 API 密钥：Dify 应用“访问 API”页面显示的 API 服务器，须为插件可访问的地址。",
                ja_JP="アプリの API キーと併用：Dify の「API アクセス」ページに表示される API サーバー"
                "（プラグインから届くもの）。",
                pt_BR="Com chaves de aplicativos: o servidor da página de acesso à API no Dify, como o plugin o"
                " alcança.",
            ),
            placeholder=Text.same("https://dify.example.org/v1"),
        ),
    ] = None

    def app_id(self, named: str) -> str:
        """Give the id of the app that a caller names, by its id or by the owner's name for it."""
        return self.allowed_apps.get(named, named)

    def name_of(self, app_id: str) -> str:
        """Give the owner's name for an app, its id where it has none."""
        return next((name for name, one in self.allowed_apps.items() if one == app_id), app_id)

    @cached_property
    def keys_of_apps(self) -> Mapping[str, str]:
        """The keys of the apps that run by Dify's Service API, by the apps' ids."""
        keys = keys_of(self.app_keys.get_secret_value())
        return {self.app_id(named): key for named, key in keys.items()}

    @property
    def reachable_apps(self) -> frozenset[str]:
        """The apps that the owner named, by picking or by list; empty for none."""
        picked = {self.app.app_id} if self.app else set()
        return frozenset(self.allowed_apps.values()) | picked
