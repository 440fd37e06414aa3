"""What an answer rests on and brings along: sources and files, as a list of links."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from relay.texts import url

MOST = 20
LONGEST_NAME = 80  # characters

BLANK = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
MARK = re.compile(r"""([\\`*_{}\[\]()<>#~|!&@:+=.-])""")


def links(metadata: Mapping[str, Any]) -> str:
    """Give a Markdown list of `retriever_resources` and `message_files`, "" for none.

    Source: Dify docs, "Chat App API: message_end": a resource has position, document_name and dataset_name, a file
    type, url and filename. A file that can't be reached is left out; a source has no URL as a rule.
    """
    found = dict.fromkeys([*_sources(metadata), *_files(metadata)])
    return "\n".join(f"- {one}" for one in list(found)[:MOST])


def _sources(metadata: Mapping[str, Any]) -> Iterator[str]:
    for source in _objects(metadata.get("retriever_resources")):
        name = _name(source.get("document_name")) or _name(source.get("dataset_name"))
        target = _target(source.get("url")) or _target(source.get("document_url"))
        if name or target:
            yield _link(name or "source", target)


def _files(metadata: Mapping[str, Any]) -> Iterator[str]:
    for file in _objects(metadata.get("message_files")):
        target = _target(file.get("url"))
        if target:
            yield _link(_name(file.get("filename")) or _name(file.get("type")) or "file", target)


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    # more than is shown: what is told twice counts once
    yield from (one for one in (value[: 10 * MOST] if isinstance(value, list) else ()) if isinstance(one, dict))


def _name(value: Any) -> str:
    """Give a name that formats nothing."""
    if not isinstance(value, str):
        return ""
    name = BLANK.sub(" ", value[: 10 * LONGEST_NAME]).strip()
    return MARK.sub(r"\\\1", name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…")


def _target(value: Any) -> str:
    return url.closed(value.strip()) if isinstance(value, str) and url.web(value.strip()) else ""


def _link(name: str, target: str) -> str:
    return f"[{name}]({target})" if target else name
