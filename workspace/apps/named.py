"""The apps that have a name of their own in this workspace."""

from workspace.apps.app import App
from workspace.apps.demo import DemoChat, DemoCompletion, DemoWorkflow
from workspace.apps.guide import DemoGuide
from workspace.apps.model import ModelApp
from workspace.apps.report import DemoReport
from workspace.apps.service_api import ServiceApiApp
from workspace.apps.talking import DemoAgent, DemoApproval
from workspace.settings import Settings
from workspace.storage import Database


def named_apps(settings: Settings, database: Database, *, url: str = "") -> dict[str, App]:
    """Return the demo apps, and what the settings name beyond them; `url` is the workspace's own address."""
    apps: dict[str, App] = {
        "demo-guide": DemoGuide(database),
        "demo-report": DemoReport(database, url),
        "demo-agent": DemoAgent(database),
        "demo-approval": DemoApproval(),
        "demo-chat": DemoChat(database),
        "demo-workflow": DemoWorkflow(database),
        "demo-completion": DemoCompletion(database),
    }
    if settings.dify_api_url:
        for app_id, key in settings.dify_api_keys.items():
            apps[app_id] = ServiceApiApp(settings.dify_api_url, key)
    if settings.openai_base_url:
        apps["demo-model"] = ModelApp(
            base_url=settings.openai_base_url,
            key=settings.openai_api_key,
            model=settings.openai_model,
            database=database,
        )
    return apps
