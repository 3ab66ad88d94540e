"""What holds for every message: what is encoded decodes to itself, and nothing that comes makes decoding fail."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta, timezone
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from esutd_bus.soap.contract import Operation, ServiceContracts
from esutd_bus.soap.decode_plan import RequestPlan
from esutd_bus.soap.encode_plan import AnswerPlan, EncodeError
from esutd_bus.soap.examination import PROBLEM_LIMIT, examine
from esutd_bus.soap.lexical import BUILT_IN
from esutd_bus.soap.schema import Model, Node

SHARED = settings(max_examples=60, suppress_health_check=list(HealthCheck))

TEXT = st.text(
    st.characters(
        exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff", include_characters="\t\n\r"
    ),
    max_size=8,
)
ZONES = st.none() | st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
BY_TYPE: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "decimal": st.decimals(
        allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=4
    ),
    "integer": st.integers(1, 10**9),
    "date": st.dates(min_value=date(1, 1, 1)),
    "dateTime": st.datetimes(timezones=ZONES),
    "base64Binary": st.binary(min_size=1, max_size=64),
}


def leaf_values(node: Node) -> st.SearchStrategy[Any]:
    assert node.leaf is not None
    if node.leaf.name != "string":
        return BY_TYPE[node.leaf.name]
    expects = node.leaf.expects
    if found := re.search(r" like (.*)", expects):
        return st.from_regex(found[1], fullmatch=True)
    if found := re.search(r"one of: (.*)", expects):
        told = found[1].split(", ")
        return st.sampled_from([value for value in told if value != "…"])  # a long list is not told whole
    least = int(found[1]) if (found := re.search(r"of (\d+) to", expects)) else 0
    return TEXT.map(lambda text: text or "x" * least)


@st.composite
def values_of(draw: st.DrawFn, model: Model, below: int) -> dict[str, Any]:
    """Values of a group as a sender may give them."""
    values: dict[str, Any] = {}
    members: Iterable[Any] = model.members
    if model.kind == "choice":
        members = [draw(st.sampled_from(model.members))]
    for member in members:
        if isinstance(member, Model):
            values |= draw(values_of(member, below))
        elif isinstance(member, Node) and (member.min_occurs or draw(st.booleans())):
            count = draw(st.integers(max(1, member.min_occurs), 3)) if member.repeated else 1
            key = member.path[below:]
            if member.leaf is not None:
                drawn = [draw(leaf_values(member)) for _ in range(count)]
                values[key] = drawn if member.repeated else drawn[0]
            elif member.model is not None and member.repeated:
                values[key] = [draw(values_of(member.model, len(member.path) + 1)) for _ in range(count)]
            elif member.model is not None:
                values |= draw(values_of(member.model, below))
    return values


def elements(contracts: ServiceContracts) -> list[tuple[Node, RequestPlan]]:
    return [
        (node, RequestPlan(node, operation.request_plan._validator))
        for contract in contracts.by_path.values()
        for operation in contract.operations.values()
        for node in (operation.request, operation.response)
    ]


@SHARED
@given(data=st.data())
def test_what_is_encoded_decodes_to_itself_both_ways(
    contracts: ServiceContracts, data: st.DataObject
) -> None:
    node, plan = data.draw(st.sampled_from(elements(contracts)), label="element")
    assert node.model is not None
    values = data.draw(values_of(node.model, 0))
    sent = AnswerPlan(node).encode(values)
    assert AnswerPlan(node).encode(values) == sent
    for decoded in (plan.decode(etree.fromstring(sent)), examine(node, etree.fromstring(sent))):
        assert decoded.problems == ()
        assert decoded.values == values


ANY = st.one_of(
    st.booleans(),
    st.decimals(),
    st.integers(),
    st.floats(),
    st.dates(),
    st.datetimes(timezones=ZONES | st.timezones()),
    st.times(timezones=ZONES),
    st.binary(),
    st.text(st.characters(exclude_categories=[])),
)


@settings(max_examples=400)
@given(ANY, st.sampled_from(sorted(BUILT_IN)))
def test_what_a_type_writes_it_reads(value: Any, name: str) -> None:
    lexical = BUILT_IN[name]
    try:
        text = lexical.write(value)
    except (TypeError, ValueError):
        return
    parsed = etree.fromstring(f"<a>{text}</a>".encode()).text or ""
    assert lexical.read(parsed) == value


@settings(max_examples=400)
@given(
    st.text(max_size=30)
    | st.from_regex(r"\A[-+]?\d{1,5}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[-+]\d\d:\d\d)?)?\Z"),
    st.sampled_from(sorted(BUILT_IN)),
)
def test_reading_refuses_by_value_error_only(text: str, name: str) -> None:
    try:
        BUILT_IN[name].read(text)
    except ValueError:
        return


def mutated(draw: st.DrawFn, root: etree._Element) -> None:
    """Breaks the tree in one place."""
    everything = list(root.iter(etree.Element))
    target = draw(st.sampled_from(everything))
    other = draw(st.sampled_from(everything))
    kind = draw(
        st.sampled_from(
            ["drop", "twice", "rename", "foreign", "text", "tail", "attribute", "comment", "swap"]
        )
    )
    parent = target.getparent()
    if kind == "drop" and parent is not None:
        parent.remove(target)
    elif kind == "twice" and parent is not None:
        parent.insert(
            draw(st.integers(0, len(parent))), etree.fromstring(etree.tostring(target, with_tail=False))
        )
    elif kind == "rename" and parent is not None:
        target.tag = other.tag
    elif kind == "foreign" and parent is not None:
        target.tag = "{urn:evil}" + etree.QName(target).localname
    elif kind == "text":
        target.text = draw(
            TEXT | st.sampled_from(["", " ", "2024-02-30", "9" * 400, "INF", "24:00:00", "-0001-01-01"])
        )
    elif kind == "tail" and parent is not None:
        target.tail = draw(TEXT)
    elif kind == "attribute":
        space = draw(st.sampled_from(["", "{http://www.w3.org/2001/XMLSchema-instance}"]))
        name = draw(st.sampled_from(["nil", "type", "schemaLocation", "noNamespaceSchemaLocation", "a"]))
        target.set(space + name, draw(st.sampled_from(["true", "false", "x:y", "", "urn:x x.xsd"])))
    elif kind == "comment":
        target.insert(0, draw(st.sampled_from([etree.Comment("c"), etree.ProcessingInstruction("p")])))
    elif kind == "swap" and parent is not None and other is not root:
        parent.append(parent[0])


def leaf_texts(root: etree._Element) -> int:
    return sum(1 for each in root.iter(etree.Element) if not len(each))


@settings(SHARED, max_examples=300)
@given(data=st.data())
def test_a_broken_message_is_decoded_or_told(
    register: Operation, register_xml: str, data: st.DataObject
) -> None:
    root = etree.fromstring(register_xml)

    @st.composite
    def break_it(draw: st.DrawFn) -> None:
        for _ in range(draw(st.integers(1, 4))):
            mutated(draw, root)

    data.draw(break_it())
    payload = etree.fromstring(etree.tostring(root))
    decoded = register.request_plan.decode(payload)
    assert len(decoded.problems) <= PROBLEM_LIMIT
    paths = {path for path, _ in register.request.leaves()}
    assert decoded.values.keys() <= paths
    assert len({(problem.path, problem.kind) for problem in decoded.problems}) == len(decoded.problems)
    if decoded.problems:
        return
    # Nothing was told, so nothing may be lost: every leaf in the message is in the values, and they go
    # back to an element of the contract.
    assert len(decoded.values) == leaf_texts(payload)
    try:
        again = register.request_plan.decode(
            etree.fromstring(AnswerPlan(register.request).encode(decoded.values))
        )
    except EncodeError as error:
        raise AssertionError(error) from error
    assert again.problems == ()
    assert again.values == decoded.values


@SHARED
@given(data=st.data())
def test_a_broken_answer_is_decoded_or_told(contracts: ServiceContracts, data: st.DataObject) -> None:
    node, plan = data.draw(st.sampled_from(elements(contracts)), label="element")
    assert node.model is not None
    root = etree.fromstring(AnswerPlan(node).encode(data.draw(values_of(node.model, 0))))

    @st.composite
    def break_it(draw: st.DrawFn) -> None:
        mutated(draw, root)

    data.draw(break_it())
    decoded = plan.decode(etree.fromstring(etree.tostring(root)))
    assert isinstance(decoded.values, dict)
