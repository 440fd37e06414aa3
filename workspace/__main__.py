"""`python -m workspace`: start the workspace with the plugin in it."""

import asyncio
from pathlib import Path
from typing import Any

import click
from pydantic_settings import SettingsError

from workspace.runtime.runtime import PluginUnavailable
from workspace.settings import Settings
from workspace.workspace import Options, Workspace, listen

_PROJECT = Path(__file__).parent.parent
_IN_MEMORY = ":memory:"


@click.command(help=__doc__)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=int, help="0: a free one.  [default: PORT or 5002]")
@click.option(
    "--plugin",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=_PROJECT,
    help="The plugin's folder.  [default: this project]",
)
@click.option(
    "--runtime",
    type=click.Choice(["local", "remote", "serverless"]),
    default="local",
    show_default=True,
    help="How Dify would run the plugin.",
)
@click.option(
    "--instances",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Processes of the plugin, as in a cluster of daemons: they take turns, on one storage.",
)
@click.option(
    "--debug-port", type=int, default=5003, show_default=True, help="Port for remote debugging, 0: a free one."
)
@click.option("--data", default=".workspace", show_default=True, help="Folder of the storage, or :memory:")
@click.option(
    "--launch/--no-launch", default=True, help="With --runtime remote: wait for a plugin started elsewhere."
)
def main(**given: Any) -> None:
    if given["runtime"] == "remote" and given["instances"] > 1:
        raise click.UsageError("--instances: Dify debugs one process of a plugin at a time, so remote takes no more.")
    try:
        settings = Settings()
    except (ValueError, SettingsError) as error:
        raise click.ClickException(f"the settings in the environment or .env: {error}") from error
    data = given["data"]
    options = Options(
        host=given["host"],
        port=settings.port if given["port"] is None else given["port"],
        plugin=given["plugin"].resolve(),
        runtime=given["runtime"],
        instances=given["instances"],
        debug_port=given["debug_port"],
        data=None if data == _IN_MEMORY else Path(data) / "workspace.db",
        launch=given["launch"],
        settings=settings,
    )
    try:
        asyncio.run(_run(options))
    except (OSError, PluginUnavailable) as error:
        raise click.ClickException(str(error)) from error


async def _run(options: Options) -> None:
    await Workspace(options, listen(options.host, options.port)).serve()


if __name__ == "__main__":
    main()
