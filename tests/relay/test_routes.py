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


def source(method: str, path: str) -> str:
    found, _ = ROUTER.bind_to_environ(EnvironBuilder(method=method, path=path).get_environ()).match()
    return str(found)


@pytest.mark.parametrize("name", ["duck", "chat", "workflow", "completion"])
@pytest.mark.parametrize("path", ["/{}", "/{}/some-app", "/{}/ä"])
def test_an_apps_route_takes_its_methods_and_no_other(name: str, path: str) -> None:
    path = path.format(name)
    taken = {
        method: source(method, path).removesuffix(".py").removeprefix("endpoints/")
        for method in ("GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE")
    }
    assert taken == {**dict.fromkeys(("GET", "HEAD", "POST", "OPTIONS"), name), "PUT": "nowhere", "DELETE": "nowhere"}


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    "path", ["/", "/nothing", "/duck/", "/duck/a/b", "/duck/a/", "/duck//a", "/a//b", "/favicon.ico", "/Duck", "/%FF"]
)
def test_every_other_path_goes_nowhere(method: str, path: str) -> None:
    assert source(method, path) == "endpoints/nowhere.py"


def test_the_description_is_only_read() -> None:
    assert {method: source(method, "/openapi.json") for method in ("GET", "OPTIONS", "POST", "PUT")} == {
        "GET": "endpoints/openapi.py",
        "OPTIONS": "endpoints/openapi.py",
        "POST": "endpoints/nowhere.py",
        "PUT": "endpoints/nowhere.py",
    }


def test_difys_page_lists_the_routes_that_name_an_app() -> None:
    shown = {(route.path, method) for route in ROUTES for method in route.methods if route.shows(method)}
    assert shown == {
        (f"/{name}/<app_id>", method)
        for name in ("duck", "chat", "workflow", "completion")
        for method in ("GET", "POST")
    }


def test_no_route_is_declared_twice_and_each_has_its_class() -> None:
    declared = [(route.path, method) for route in ROUTES for method in route.methods]
    assert len(declared) == len(set(declared))
    assert {route.source for route in ROUTES} == {
        f"endpoints/{file.name}" for file in (ROOT / "endpoints").glob("*.py") if file.name != "__init__.py"
    }
