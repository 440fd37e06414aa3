"""Templates as they are read: by Jinja2's own parser, which runs nothing, and then held against what is allowed."""

from collections.abc import Iterator, Mapping

from jinja2 import Environment, TemplateSyntaxError, nodes

from relay.incoming.templates.filters import FILTERS, KINDS, METHODS, TESTS

LONGEST_SOURCE = 32 * 1024  # characters
DEEPEST = 150  # nodes within nodes: two frames of Python's 1000 each

LOOP_METHODS = frozenset({"changed", "cycle"})

_ALLOWED = frozenset(
    {
        *(nodes.Output, nodes.TemplateData, nodes.For, nodes.If, nodes.Assign, nodes.AssignBlock, nodes.FilterBlock),
        *(nodes.With, nodes.Name, nodes.Const, nodes.Tuple, nodes.List, nodes.Dict, nodes.Pair, nodes.Keyword),
        *(nodes.CondExpr, nodes.Filter, nodes.Test, nodes.Call, nodes.Getattr, nodes.Getitem, nodes.Slice),
        *(nodes.Concat, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Neg, nodes.Pos),
        *(nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod),
    }
)
_SPELLED: Mapping[type[nodes.Node], str] = {
    nodes.Scope: "autoescape",
    nodes.For: "a recursive for",
    nodes.NSRef: "a namespace",
    nodes.Pow: "**",
}
_PARSER = Environment(autoescape=False)  # noqa: S701 - what comes out is no HTML


class Refused(Exception):
    """A template that can't be one here; the text says why."""


def parse(source: str) -> list[nodes.Node]:
    """Read a template. Raises Refused."""
    if len(source) > LONGEST_SOURCE:
        raise Refused(f"it is longer than {LONGEST_SOURCE} characters")
    try:
        source.encode()
        tree = _PARSER.parse(source)
        for problem in _problems(tree):
            raise Refused(problem)
    except TemplateSyntaxError as error:
        raise Refused(f"line {error.lineno}: {str(error.message).removesuffix('.')}") from None
    except (RecursionError, MemoryError):
        raise Refused("it is nested too deep") from None
    except ValueError:
        raise Refused("it holds a number or a character that JSON has not") from None
    return tree.body


def _problems(tree: nodes.Template) -> Iterator[str]:
    level: list[tuple[nodes.Node, nodes.Node]] = [(tree, node) for node in tree.body]
    depth = 0
    while level:
        for parent, node in level:
            if problem := _problem(node, called=isinstance(parent, nodes.Call) and parent.node is node):
                yield f"line {node.lineno}: {problem}" if node.lineno else problem
        level = [(node, child) for _, node in level for child in node.iter_child_nodes()]
        depth += 1
        if depth > DEEPEST:
            yield "it is nested too deep"


def _problem(node: nodes.Node, *, called: bool) -> str | None:
    what = None
    if type(node) not in _ALLOWED or (isinstance(node, nodes.For) and node.recursive):
        what = f"{_SPELLED.get(type(node)) or type(node).__name__.lower()} is not allowed here"
    elif isinstance(node, nodes.Filter) and node.name not in FILTERS:
        what = f"there is no filter {node.name!r} here"
    elif isinstance(node, nodes.Test) and node.name not in TESTS and node.name not in KINDS:
        what = f"there is no test {node.name!r} here"
    elif isinstance(node, nodes.Call) and not isinstance(node.node, nodes.Getattr):
        what = "there are no functions here"
    elif isinstance(node, nodes.Getattr) and called and node.attr not in METHODS and node.attr not in LOOP_METHODS:
        what = f"there is no method {node.attr!r} here"
    elif isinstance(node, nodes.Call | nodes.Filter | nodes.Test) and (node.dyn_args or node.dyn_kwargs):
        what = "* and ** are not allowed here"
    elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Tuple):
        what = "an item has one name"
    elif isinstance(node, nodes.Const) and isinstance(node.value, str):
        node.value.encode()
    return what
