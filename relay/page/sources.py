"""What an answer rests on. Source: Dify's API reference, `RetrieverResource`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from relay.page import plain
from relay.texts import url

MOST_SHOWN = 30
LONGEST_QUOTE = 2_000  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One passage of a document."""

    name: str
    dataset: str
    score: float | None  # 0 to 1, as far as it tells anything
    quote: str
    url: str  # "" for none


def of(metadata: object) -> tuple[Sequence[Source], int]:
    """Give the sources in an answer's metadata, as many as are shown, and how many more there are."""
    resources: Any = metadata.get("retriever_resources") if isinstance(metadata, Mapping) else None
    found = [one for one in resources if isinstance(one, Mapping)] if isinstance(resources, list) else []
    return [_source(one) for one in found[:MOST_SHOWN]], max(len(found) - MOST_SHOWN, 0)


def _source(one: Mapping[str, Any]) -> Source:
    about = one.get("doc_metadata")
    told = [one.get("url"), one.get("document_url"), *([about.get("url")] if isinstance(about, Mapping) else [])]
    links = (plain.text(link, url.LONGEST + 1).strip() for link in told)
    score = one.get("score")
    return Source(
        name=plain.name(one.get("document_name")),
        dataset=plain.name(one.get("dataset_name")),
        score=float(score) if isinstance(score, int | float) and 0 < score <= 1 else None,
        quote=plain.text(one.get("content"), LONGEST_QUOTE).strip(),
        url=next((link for link in links if url.web(link)), ""),
    )
