"""Carries out a template, node by node, each paid for before it is done.

Jinja2 would compile a template to Python and run that; what a filter or an operator costs would then show when it is
paid already. Here nothing is compiled: values are those of JSON, a name is a key and never an attribute of Python's.
"""

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import nodes

from relay.incoming.templates import filters, loop, operators
from relay.incoming.templates.budget import PIECE, SLOT, STEP, Budget
from relay.incoming.templates.loop import Loop
from relay.incoming.templates.values import ABSENT, Missing, below, items, joined, look, missing

type Names = dict[str, Any]


class Filling:
    """One template being filled in."""

    def __init__(self, work: Budget) -> None:
        self.work = work
        self.depth = 0  # of loops

    def result(self, body: list[nodes.Node], names: Names) -> Any:
        """Fill in. A body of a single expression gives its value, any other gives text."""
        pieces: list[Any] = []
        self.render(body, names, pieces)
        return pieces[0] if len(pieces) == 1 else joined(self.work, pieces)

    def render(self, body: list[nodes.Node], names: Names, pieces: list[Any]) -> None:
        """Carry out statements: `names` takes what they set, `pieces` what they write."""
        for node in body:
            self.work.charge(STEP)
            _STATEMENTS[type(node)](self, node, names, pieces)

    def evaluate(self, node: nodes.Node, names: Names) -> Any:
        """Give an expression's value: JSON's, or Missing, or a Loop."""
        self.work.charge(STEP)
        return _EXPRESSIONS[type(node)](self, node, names)

    # Statements

    def output(self, node: nodes.Output, names: Names, pieces: list[Any]) -> None:
        pieces.extend(self.evaluate(one, names) for one in node.nodes)

    def loop(self, node: nodes.For, names: Names, pieces: list[Any]) -> None:
        found = items(self.work, self.evaluate(node.iter, names))
        if node.test:
            found = [one for one in found if self.evaluate(node.test, self.passing(names, node.target, one))]
        self.depth += 1
        here = Loop(found, self.depth)
        for index, one in enumerate(found):
            here.index = index
            inner = self.passing(names, node.target, one)
            inner["loop"] = here
            self.render(node.body, inner, pieces)
        self.depth -= 1
        if not found:
            self.render(node.else_, self.within(names), pieces)
        pieces.append("")  # text, and not sometimes a number, however often it passes

    def passing(self, names: Names, target: nodes.Node, value: Any) -> Names:
        inner = self.within(names)
        self.bind(target, value, inner)
        return inner

    def within(self, names: Names) -> Names:
        """Open a scope: what is set inside is gone with it."""
        self.work.charge(STEP + len(names) * SLOT)
        return dict(names)

    def branch(self, node: nodes.If, names: Names, pieces: list[Any]) -> None:
        for one in [node, *node.elif_]:
            if self.evaluate(one.test, names):
                return self.render(one.body, names, pieces)
        return self.render(node.else_, names, pieces)

    def assign(self, node: nodes.Assign, names: Names, _: list[Any]) -> None:
        self.bind(node.target, self.evaluate(node.node, names), names)

    def assign_block(self, node: nodes.AssignBlock, names: Names, _: list[Any]) -> None:
        value = self.block(node.body, names)
        self.bind(node.target, self.block_filtered(node.filter, value, names) if node.filter else value, names)

    def filter_block(self, node: nodes.FilterBlock, names: Names, pieces: list[Any]) -> None:
        pieces.append(self.block_filtered(node.filter, self.block(node.body, names), names))

    def scope(self, node: nodes.With, names: Names, pieces: list[Any]) -> None:
        inner = self.within(names)
        for target, value in zip(node.targets, node.values, strict=True):
            self.bind(target, self.evaluate(value, names), inner)
        self.render(node.body, inner, pieces)

    def block(self, body: list[nodes.Node], names: Names) -> str:
        """Give what a block writes, which is always text."""
        pieces: list[Any] = []
        self.render(body, self.within(names), pieces)
        return joined(self.work, pieces)

    def bind(self, target: nodes.Node, value: Any, names: Names) -> None:
        """Give a value its name, or its items theirs."""
        if isinstance(target, nodes.Name):
            names[target.name] = value
        elif isinstance(target, nodes.Tuple):
            self.work.charge(STEP * len(target.items))
            for one, item in zip(target.items, items(self.work, value), strict=True):
                self.bind(one, item, names)

    # Expressions

    def name(self, node: nodes.Name, names: Names) -> Any:
        return names[node.name] if node.name in names else missing(self.work, node.name)

    def attribute(self, node: nodes.Getattr, names: Names) -> Any:
        value = self.evaluate(node.node, names)
        if isinstance(value, Loop) and node.attr in loop.ATTRIBUTES:
            return loop.ATTRIBUTES[node.attr](value)
        return self.found(node.node, value, node.attr)

    def item(self, node: nodes.Getitem, names: Names) -> Any:
        value = self.evaluate(node.node, names)
        if isinstance(node.arg, nodes.Slice):
            return self.sliced(node.arg, value, names)
        key = self.evaluate(node.arg, names)
        if isinstance(key, Missing):
            key.use()
        return self.found(node.node, value, key)

    def found(self, node: nodes.Node, value: Any, name: Any) -> Any:
        if isinstance(value, Missing):
            return value.within(self.work, name)
        found = look(value, name)
        return missing(self.work, below(_path(node), name)) if found is ABSENT else found

    def sliced(self, node: nodes.Slice, value: Any, names: Names) -> Any:
        ends = (node.start, node.stop, node.step)
        part = slice(*(self.evaluate(end, names) if end else None for end in ends))
        if isinstance(value, Missing):
            value.use()
        if not isinstance(value, str | list):
            raise TypeError("only a text or a list has parts")
        length = len(range(*part.indices(len(value))))
        self.work.charge(length * SLOT)
        return value[part]

    def condition(self, node: nodes.CondExpr, names: Names) -> Any:
        if self.evaluate(node.test, names):
            return self.evaluate(node.expr1, names)
        return self.evaluate(node.expr2, names) if node.expr2 else Missing(None)

    def filter(self, node: nodes.Filter, names: Names) -> Any:
        assert node.node is not None  # noqa: S101 - only a block's filter has none
        value = self.evaluate(node.node, names)
        return filters.apply(self.work, node.name, value, *self.arguments(node, names))

    def block_filtered(self, node: nodes.Filter, value: Any, names: Names) -> Any:
        """Send what a block gave through its filters, of which the innermost stands for the block."""
        if isinstance(node.node, nodes.Filter):
            value = self.block_filtered(node.node, value, names)
        return filters.apply(self.work, node.name, value, *self.arguments(node, names))

    def test(self, node: nodes.Test, names: Names) -> bool:
        value = self.evaluate(node.node, names)
        return filters.check(self.work, node.name, value, *self.arguments(node, names))

    def call(self, node: nodes.Call, names: Names) -> Any:
        method = node.node
        assert isinstance(method, nodes.Getattr)  # noqa: S101 - as it was parsed
        value = self.evaluate(method.node, names)
        args, kwargs = self.arguments(node, names)
        if isinstance(value, Loop):
            return _LOOP_METHODS[method.attr](self.work, value, *args)
        return filters.call(self.work, method.attr, value, args, kwargs)

    def arguments(self, node: nodes.Call | nodes.Filter | nodes.Test, names: Names) -> tuple[list[Any], Names]:
        args = [self.evaluate(one, names) for one in node.args]
        return args, {str(one.key): self.evaluate(one.value, names) for one in node.kwargs}

    def compare(self, node: nodes.Compare, names: Names) -> bool:
        left = self.evaluate(node.expr, names)
        for one in node.ops:
            right = self.evaluate(one.expr, names)
            if not operators.COMPARISONS[one.op](self.work, left, right):
                return False
            left = right
        return True

    def binary(self, node: nodes.BinExpr, names: Names) -> Any:
        left, right = self.evaluate(node.left, names), self.evaluate(node.right, names)
        return operators.BINARY[node.operator](self.work, left, right)

    def both(self, node: nodes.And, names: Names) -> Any:
        return self.evaluate(node.left, names) and self.evaluate(node.right, names)

    def either(self, node: nodes.Or, names: Names) -> Any:
        return self.evaluate(node.left, names) or self.evaluate(node.right, names)

    def signed(self, node: nodes.UnaryExpr, names: Names) -> Any:
        value = operators.number(self.evaluate(node.node, names))
        return -value if isinstance(node, nodes.Neg) else value

    def listed(self, node: nodes.List | nodes.Tuple, names: Names) -> list[Any]:
        self.work.charge(PIECE)
        return [self.evaluate(one, names) for one in node.items]

    def mapped(self, node: nodes.Dict, names: Names) -> dict[Any, Any]:
        self.work.charge(2 * PIECE)
        return {self.evaluate(one.key, names): self.evaluate(one.value, names) for one in node.items}

    def concatenated(self, node: nodes.Concat, names: Names) -> str:
        return joined(self.work, [self.evaluate(one, names) for one in node.nodes])


def _path(node: nodes.Node) -> str:
    """Spell what a template looks into, as far as it is names."""
    names: list[Any] = []
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        names.append(node.attr if isinstance(node, nodes.Getattr) else getattr(node.arg, "value", "…"))
        node = node.node
    path = node.name if isinstance(node, nodes.Name) else "item"
    for name in reversed(names):
        path = below(path, name)
    return path


_LOOP_METHODS: Mapping[str, Callable[..., Any]] = {"changed": loop.changed, "cycle": loop.cycle}

_STATEMENTS: Mapping[type[nodes.Node], Callable[..., None]] = {
    nodes.Assign: Filling.assign,
    nodes.AssignBlock: Filling.assign_block,
    nodes.FilterBlock: Filling.filter_block,
    nodes.For: Filling.loop,
    nodes.If: Filling.branch,
    nodes.Output: Filling.output,
    nodes.With: Filling.scope,
}

_EXPRESSIONS: Mapping[type[nodes.Node], Callable[..., Any]] = {
    nodes.And: Filling.both,
    nodes.Call: Filling.call,
    nodes.Compare: Filling.compare,
    nodes.Concat: Filling.concatenated,
    nodes.CondExpr: Filling.condition,
    nodes.Const: lambda _, node, __: node.value,
    nodes.Dict: Filling.mapped,
    nodes.Filter: Filling.filter,
    nodes.Getattr: Filling.attribute,
    nodes.Getitem: Filling.item,
    nodes.List: Filling.listed,
    nodes.Name: Filling.name,
    nodes.Neg: Filling.signed,
    nodes.Not: lambda filling, node, names: not filling.evaluate(node.node, names),
    nodes.Or: Filling.either,
    nodes.Pos: Filling.signed,
    nodes.TemplateData: lambda _, node, __: node.data,
    nodes.Test: Filling.test,
    nodes.Tuple: Filling.listed,
    **dict.fromkeys((nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod), Filling.binary),
}
