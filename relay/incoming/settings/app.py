"""Which app runs, and which may."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, InstanceOf

from relay.incoming.settings.form import FormField, Group, Text
from relay.incoming.settings.values import Names


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


class AppSettings(Group):
    title: ClassVar = Text(en_US="App", zh_Hans="应用", ja_JP="アプリ", pt_BR="Aplicativo")

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
        Names,
        FormField(
            kind="text-input",
            label=Text(
                en_US="Allowed apps",
                zh_Hans="允许的应用",
                ja_JP="許可するアプリ",
                pt_BR="Aplicativos permitidos",
            ),
            help=Text(
                en_US="App ids, separated by commas. Empty means every app for callers with the key, and only the"
                " default app for all others.",
                zh_Hans="应用 ID，用逗号分隔。留空时，持有密钥者可调用所有应用，其他方式只能调用默认应用。",
                ja_JP="アプリ ID をカンマ区切りで。空の場合、キーを持つ人は全アプリ、"
                "それ以外は既定のアプリだけです。",
                pt_BR="IDs de aplicativos, separados por vírgulas. Vazio: todos para quem tem a chave, e só o padrão"
                " para os demais.",
            ),
            placeholder=Text.same("2b0c6a1e-…, 9f3d…"),
        ),
    ] = frozenset()

    @property
    def reachable_apps(self) -> frozenset[str]:
        """The apps that the owner named, by picking or by list; empty for none."""
        return self.allowed_apps | ({self.app.app_id} if self.app else frozenset())
