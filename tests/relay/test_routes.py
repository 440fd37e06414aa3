"""Routes as the SDK's router takes them: a werkzeug rule for each path and method."""

from pathlib import Path

import pytest
from werkzeug.routing import Map, Rule
from werkzeug.test import EnvironBuilder

from relay.routes import ROUTES

ROOT = Path(__file__).parent.parent.parent
ROUTER = Map(
    [Rule(route.path, methods=[method], endpoint=route.source) for route in ROUTES for method in route.methods]
)


def methods(path: str) -> set[str]:
    return set(ROUTER.bind_to_environ(EnvironBuilder(path=path).get_environ()).allowed_methods())


@pytest.mark.parametrize("name", ["duck", "chat", "workflow", "completion"])
@pytest.mark.parametrize("path", ["/{}", "/{}/some-app", "/{}/ä"])
def test_an_apps_route_takes_its_methods_and_no_other(name: str, path: str) -> None:
    assert methods(path.format(name)) == {"GET", "HEAD", "POST", "OPTIONS"}


def test_the_description_is_only_read() -> None:
    assert methods("/openapi.json") == {"GET", "HEAD", "OPTIONS"}


@pytest.mark.parametrize(
    "path", ["/", "/nothing", "/duck/", "/duck/a/b", "/duck/a/", "/Duck", "/v1", "/v1/embeddings", "/v2/models"]
)
def test_there_is_no_other_path(path: str) -> None:
    assert methods(path) == set()


def test_difys_page_lists_the_routes_that_name_an_app() -> None:
    shown = {(route.path, method) for route in ROUTES for method in route.methods if route.shows(method)}
    assert shown == {
        (f"/{name}/<app_id>", method)
        for name in ("duck", "chat", "workflow", "completion")
        for method in ("GET", "POST")
    } | {("/v1/chat/completions", "POST")}


@pytest.mark.parametrize("root", ["/v1", "", "/duck/some-app/v1", "/duck/some-app"])
def test_openais_api_stands_at_v1_without_it_and_below_each_app(root: str) -> None:
    assert methods(f"{root}/chat/completions") == {"GET", "HEAD", "POST", "OPTIONS"}
    assert methods(f"{root}/models") == {"GET", "HEAD", "OPTIONS"}
    assert methods(f"{root}/models/gpt-duck") == {"GET", "HEAD", "OPTIONS"}


def test_a_client_that_asks_without_v1_does_not_reach_an_app_named_completions() -> None:
    for method in ("GET", "POST"):
        adapter = ROUTER.bind_to_environ(EnvironBuilder(path="/chat/completions", method=method).get_environ())
        assert adapter.match() == ("endpoints/openai.py", {})


def test_no_route_is_declared_twice_and_each_has_its_class() -> None:
    declared = [(route.path, method) for route in ROUTES for method in route.methods]
    assert len(declared) == len(set(declared))
    classes = {f"endpoints/{file.name}" for file in (ROOT / "endpoints").glob("*.py")}
    assert {route.source for route in ROUTES} == classes - {"endpoints/__init__.py", "endpoints/nowhere.py"}
