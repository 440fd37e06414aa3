"""How often apps may run: what runs is paid for by the endpoint's owner."""

import re
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator

from relay.incoming.settings.form import FormField, Group, Text

UNITS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0}  # seconds
_LIMIT = re.compile(r"([1-9][0-9]{0,5})\s*/\s*(second|minute|hour|day)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Limit:
    """So many runs in so many seconds."""

    runs: int
    seconds: float


def _limits(value: Any) -> Any:
    """Read "5/minute, 100/day". Raises ValueError for anything else."""
    if not isinstance(value, str):
        return value
    limits = []
    for part in filter(None, map(str.strip, value.split(","))):
        if not (limit := _LIMIT.fullmatch(part)):
            raise ValueError("no limit")
        limits.append(Limit(int(limit[1]), UNITS[limit[2].lower()]))
    return tuple(limits)


type Limits = Annotated[tuple[Limit, ...], BeforeValidator(_limits)]


class LimitSettings(Group):
    heading: ClassVar = Text(en_US="Limit", zh_Hans="限制", ja_JP="上限", pt_BR="Limite")

    limit_user: Annotated[
        Limits,
        FormField(
            kind="text-input",
            label=Text(en_US="Of each user", zh_Hans="每个用户", ja_JP="ユーザーごと", pt_BR="Por usuário"),
            help=Text(
                en_US="How often one user may run an app: 5/minute, 100/day. Empty: as often as they like.",
                zh_Hans="一个用户运行应用的频率：5/minute, 100/day。留空：不限。",
                ja_JP="一人がアプリを実行できる回数：5/minute, 100/day。空なら無制限。",
                pt_BR="Quantas vezes um usuário pode executar um app: 5/minute, 100/day. Vazio: sem limite.",
            ),
            placeholder=Text.same("5/minute, 100/day"),
        ),
    ] = ()

    limit_endpoint: Annotated[
        Limits,
        FormField(
            kind="text-input",
            label=Text(en_US="Of all together", zh_Hans="所有人合计", ja_JP="全員の合計", pt_BR="De todos juntos"),
            help=Text(
                en_US="How often all together may run apps here. What is over it is refused, and told when"
                " to come again.",
                zh_Hans="所有人在此运行应用的总频率。超出者被拒绝，并告知何时再来。",
                ja_JP="全員の合計で実行できる回数。超えた分は断り、いつ再試行できるかを伝えます。",
                pt_BR="Quantas vezes todos juntos podem executar apps aqui. O excesso é recusado, com a hora"
                " de voltar.",
            ),
            placeholder=Text.same("5/minute, 100/day"),
        ),
    ] = ()
