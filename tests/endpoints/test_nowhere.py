"""What no endpoint has is answered by the relay too, never by the SDK's router."""

import httpx
import pytest

PATHS = [
    "/",
    "/nothing",
    "/chat/a/b",
    "/duck/",
    "//",
    "//duck",
    "/duck//x",
    "/openapi.json/x",
    "/%2e%2e/x",
    "/v2/models",
    "/duck/chat-1-0/nothing",
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_an_unknown_path_gets_our_envelope(shared: httpx.Client, method: str, path: str) -> None:
    answer = shared.request(method, str(shared.base_url).rstrip("/") + path)
    assert answer.status_code in {404, 405}
    assert answer.json()["code"] in {"not_found", "method_not_allowed", "app_not_found"}
    assert set(answer.json()) == {"code", "message", "status"}
    assert answer.headers["x-request-id"]
    assert "location" not in answer.headers


@pytest.mark.parametrize("path", ["/duck", "/duck/chat-1-0", "/chat/chat-1-0", "/openapi.json"])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_method_that_is_not_answered_is_told(shared: httpx.Client, method: str, path: str) -> None:
    answer = shared.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert set(answer.headers["allow"].split(", ")) >= {"GET", "HEAD", "OPTIONS"}


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/embeddings", "/duck/chat-1-0/v1/embeddings", "/responses/a/b", "/files/a/b/c"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_who_speaks_openais_api_is_told_in_its_shape(shared: httpx.Client, method: str, path: str) -> None:
    answer = shared.request(method, path)
    told = answer.json()["error"]
    assert (answer.status_code, told["code"], told["type"]) == (404, "unknown_url", "invalid_request_error")
    assert "/v1/chat/completions" in told["message"]


@pytest.mark.parametrize("path", ["/v1/models", "/v1/chat/completions", "/duck/chat-1-0/responses"])
def test_a_method_that_openais_api_does_not_have_is_told_in_its_shape(shared: httpx.Client, path: str) -> None:
    answer = shared.put(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")
    assert "OPTIONS" in answer.headers["allow"]


def test_a_preflight_to_nowhere_is_no_success(shared: httpx.Client) -> None:
    assert shared.options("/nothing").status_code == 404


def test_a_browser_gets_a_page(shared: httpx.Client) -> None:
    answer = shared.get("/nothing", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "not_found" in answer.text
