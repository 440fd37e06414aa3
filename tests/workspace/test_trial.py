import httpx

from workspace.testing import Workspace
from workspace.trial import EXAMPLE, outcome


def test_the_example_shows_what_an_app_would_get() -> None:
    results = outcome(EXAMPLE)
    assert results["query"] == '"A leak in the pond: Water everywhere."'
    assert results["inputs"] == '{\n  "number": 7,\n  "action": "opened"\n}'
    assert results["user"] == '"donald"'
    assert results["JSON that goes back when the app says Quack!"] == '{\n  "text": "Quack!"\n}'


def test_the_form_works_without_a_script_and_tells_what_is_wrong() -> None:
    with Workspace() as workspace, httpx.Client(base_url=workspace.url, timeout=30) as client:
        assert "A leak in the pond" in client.get("/try").text
        sent = {**EXAMPLE, "query_template": "{{ body.issue.titel }}", "payload": '{"issue": {"x": "<script>"}}'}
        page = client.post("/try", data=sent)
        assert page.status_code == 200
        assert "query_template uses body.issue.titel" in page.text
        assert "<script>" not in page.text
        assert client.post("/try", data={}).status_code == 200
