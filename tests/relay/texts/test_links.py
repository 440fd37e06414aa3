from typing import Any

import pytest

from relay.texts.dialects import plain
from relay.texts.links import links


def test_sources_and_files_of_an_answer_are_links() -> None:
    metadata = {
        "retriever_resources": [
            {"position": 1, "document_name": "Guide.pdf", "dataset_name": "Docs"},
            {"position": 2, "document_name": "Guide.pdf", "dataset_name": "Docs"},
            {"position": 3, "document_name": "Page", "url": "https://x.y/a(1)"},
            {"position": 4, "dataset_name": "Docs"},
        ],
        "message_files": [{"type": "image", "url": "https://x.y/1.png"}, {"type": "image", "url": "/files/1"}],
    }
    shown = links(metadata)
    assert shown == "- Guide\\.pdf\n- [Page](https://x.y/a%281%29)\n- Docs\n- [image](https://x.y/1.png)"
    assert plain(shown).splitlines()[0] == "• Guide.pdf"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param("a](http://evil) **b**\n# @all", "- a](http://evil) **b** # @all", id="marks"),
        pytest.param("<!channel> `x`", "- <!channel> `x`", id="a mention"),
        pytest.param("x" * 200, "- " + "x" * 79 + "…", id="long"),
    ],
)
def test_a_name_formats_nothing(name: str, shown: str) -> None:
    told = links({"retriever_resources": [{"document_name": name}]})
    assert plain(told) == shown.replace("- ", "• ", 1)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "file:///etc/passwd", "https://", "//x.y", 5, "http://" + "x" * 3000]
)
def test_only_web_pages_are_linked(url: Any) -> None:
    assert links({"message_files": [{"type": "image", "url": url}]}) == ""
    assert links({"retriever_resources": [{"document_name": "a", "url": url}]}) == "- a"


@pytest.mark.parametrize(
    "metadata", [{}, {"retriever_resources": None, "message_files": "x"}, {"retriever_resources": [None, 1, {}]}]
)
def test_without_any_there_is_nothing(metadata: dict[str, Any]) -> None:
    assert links(metadata) == ""


def test_there_are_at_most_twenty() -> None:
    sources = [{"document_name": f"d{at}"} for at in range(1000)]
    assert links({"retriever_resources": sources}).splitlines() == [f"- d{at}" for at in range(20)]
