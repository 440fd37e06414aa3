"""A demo workflow with inputs that it can't do without, whose outputs are of every kind."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from workspace.apps.answer import WorkflowRun, output_file
from workspace.apps.app import AppCall, Event, Mode
from workspace.apps.field import Field
from workspace.apps.form import Form, system_parameters
from workspace.apps.pace import paced, step
from workspace.storage import Database, StoredFile

_DUCKS: tuple[Mapping[str, Any], ...] = (
    {"duck": "Mallard", "grams": 1100, "dives": False, "more": "https://en.wikipedia.org/wiki/Mallard"},
    {"duck": "Tufted duck", "grams": 750, "dives": True, "more": "https://en.wikipedia.org/wiki/Tufted_duck"},
    {"duck": "Common eider", "grams": 2200, "dives": True, "more": "https://en.wikipedia.org/wiki/Common_eider"},
)
_CHART = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 90" width="240" height="90">
<rect width="240" height="90" fill="#fff"/>
<rect x="10" y="46" width="60" height="34" fill="#e8a90c"/>
<rect x="90" y="57" width="60" height="23" fill="#2f7f5f"/>
<rect x="170" y="12" width="60" height="68" fill="#3465a4"/>
</svg>
"""
_FORM = Form(
    Field(kind="text-input", name="topic", label="Topic", required=True, most=80),
    Field(kind="select", name="style", label="Style", required=True, options=("Short", "Detailed", "In rhyme")),
    Field(kind="number", name="year", label="Year", default=2026),
    Field(kind="checkbox", name="chart", label="With a chart", default=True),
    Field(kind="json_object", name="options", label="More options, as JSON"),
    Field(kind="file-list", name="sources", label="Sources", types=("document", "image"), most=3),
)


@dataclass(frozen=True, slots=True)
class DemoReport:
    """Writes a report in four steps."""

    database: Database
    url: str  # where the workspace's files are

    async def mode(self) -> Mode:
        return "workflow"

    async def parameters(self) -> dict[str, Any]:
        return {
            "user_input_form": _FORM.declared(),
            "file_upload": {"enabled": False},
            "system_parameters": system_parameters(),
        }

    async def run(self, call: AppCall) -> AsyncIterator[Event]:
        given = _FORM.values(call)
        sources = [file.described() for _, file in _FORM.files(call, self.database)]
        text = _text(given, sources)
        run = WorkflowRun(given)
        yield run.started()
        for title, kind, outputs in (
            ("Read the sources", "document-extractor", {"text": sources}),
            ("Look up the ducks", "knowledge-retrieval", {"result": [*_DUCKS]}),
        ):
            begun, ended = run.node(title, kind, outputs, elapsed=0.4)
            yield begun
            await step(4)
            yield ended
        begun, ended = run.node("Write", "llm", {"text": text}, elapsed=len(text) / 200)
        yield begun
        async for piece in paced(text):
            yield run.text_chunk(piece)
        yield ended
        files = self._files(text, chart=given["chart"] is True)
        begun, ended = run.node("Lay it out", "template-transform", {"output": "report.md"}, elapsed=0.1)
        yield begun
        await step()
        yield ended
        yield run.finished(
            {
                "text": text,
                "ducks": [*_DUCKS],
                "words": len(text.split()),
                "more": "https://en.wikipedia.org/wiki/Duck",
                "details": {
                    "year": given["year"],
                    "options": given["options"] or {},
                    "sources": {"number": len(sources), "names": sources},
                },
                "report": files[0],
                "pictures": files[1:],
            },
            files=files,
        )

    def _files(self, text: str, *, chart: bool) -> list[dict[str, Any]]:
        made = [("document", StoredFile("report.md", "text/markdown", text.encode()))]
        if chart:
            made.append(("image", StoredFile("chart.svg", "image/svg+xml", _CHART.encode())))
        return [output_file(self.database.add_file(file), file, kind, self.url) for kind, file in made]


def _text(given: Mapping[str, Any], sources: list[str]) -> str:
    text = f"# {given['topic']}\n\n" + _BODIES[given["style"]]
    text += f"\n\n*Written for {given['year']}*, from "
    return text + (f"{len(sources)} sources of yours." if sources else "what every duck knows.")


_BODIES: Mapping[str, str] = {
    "Short": "**Ducks float.** The heavier they are, the deeper they dive.",
    "Detailed": (
        "Of ducks there are two kinds:\n\n- *dabbling* ducks, which stand on their heads\n- *diving* ducks, which are"
        " gone for `30` seconds\n\n| Kind | Where |\n|---|---|\n| dabbling | ponds |\n| diving | lakes, the sea |\n\n"
        "## What follows\n\nWhoever counts them counts *twice*."
    ),
    "In rhyme": "> The duck that dives is never dry,  \n> and neither, on the shore, am I.",
}
