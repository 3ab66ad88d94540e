"""The XSD as a tree: all that plans can carry, and a clear refusal of the rest."""

# ruff: noqa: E501  # a table of contracts is read by line

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree
from stranger_contract import Stranger

from esutd_bus.soap.contract import ContractError, Operation
from esutd_bus.soap.plan import AnswerPlan
from esutd_bus.soap.problem import Decoded


def named(operation: Operation) -> dict[str, tuple[str | None, bool, bool]]:
    return {path: (leaf.type, leaf.required, leaf.repeated) for path, leaf in operation.request.leaves()}


def decoded(operation: Operation, inside: str) -> Decoded:
    return operation.request_plan.decode(etree.fromstring(f'<Ask xmlns="urn:stranger">{inside}</Ask>'))


def told(result: Decoded) -> list[tuple[str, str]]:
    return [(problem.path, problem.kind) for problem in result.problems]


def returns(operation: Operation, values: dict[str, Any]) -> bool:
    """Whether values encoded by the request's own tree come back."""
    sent = AnswerPlan(operation.request).encode(values)
    result = operation.request_plan.decode(etree.fromstring(sent))
    return result.problems == () and result.values == values


def test_the_tree_of_a_real_request(register: Operation) -> None:
    nodes = {node.path: node for node in register.request.walk()}
    assert nodes["contract/term"].kind == "group"
    assert nodes["contract/term"].required
    assert nodes["contract/term/termCode"].tag == "{urn:esutd-bus:contracts:v1}termCode"
    assert nodes["requestHeader/requestId"].tag == "{urn:esutd-bus:common:v1}requestId"
    assert not nodes["employer/bin"].required
    assert not nodes["contract/workingTime"].required
    assert nodes["contract/workingTime/workingHoursCode"].required
    assert [node.name for node in register.request.children] == ["requestHeader", "employer", "contract"]
    assert nodes["contract/workingTime/tariffRate"].type == "decimal"


def test_repeated_groups_and_leaves(stranger: Stranger) -> None:
    ask = stranger.ask("""<xs:sequence>
      <xs:element name="tag" type="xs:string" minOccurs="0" maxOccurs="unbounded"/>
      <xs:element name="row" maxOccurs="3"><xs:complexType><xs:sequence>
        <xs:element name="day" type="xs:date"/>
        <xs:element name="cell" minOccurs="0" maxOccurs="unbounded"><xs:complexType><xs:sequence>
          <xs:element name="size" type="xs:int" maxOccurs="2"/>
        </xs:sequence></xs:complexType></xs:element>
      </xs:sequence></xs:complexType></xs:element>
    </xs:sequence>""")
    assert named(ask) == {
        "tag": ("string", False, True),
        "row/day": ("date", True, False),
        "row/cell/size": ("integer", True, True),
    }
    row = (
        "<row><day>2026-01-01</day><cell><size>1</size><size>2</size></cell><cell><size>3</size></cell></row>"
    )
    good = decoded(ask, f"<tag>a</tag><tag>b</tag>{row}{row}")
    assert good.problems == ()
    day = good.values["row"][0]["day"]
    assert good.values == {
        "tag": ["a", "b"],
        "row": [{"day": day, "cell": [{"size": [1, 2]}, {"size": [3]}]}] * 2,
    }
    assert returns(ask, good.values)

    bad = row.replace("<size>3</size>", "<size>x</size><size>4</size><size>5</size>").replace(
        "<day>2026-01-01</day>", ""
    )
    assert told(decoded(ask, f"<tag>a</tag>{row}{bad}{row}{row}")) == [
        ("row[2]/day", "missing"),
        ("row[2]/cell[2]/size[1]", "malformed"),
        ("row[2]/cell[2]/size[3]", "unexpected"),
        ("row[4]", "unexpected"),
    ]
    assert told(decoded(ask, "<tag>a</tag>")) == [("row", "missing")]
    assert decoded(ask, f"<tag>a</tag>{bad}").values["row"] == [{"cell": [{"size": [1, 2]}, {"size": [4]}]}]


def test_fewer_than_the_least(stranger: Stranger) -> None:
    ask = stranger.ask(
        '<xs:sequence><xs:element name="a" type="xs:int" minOccurs="2" maxOccurs="3"/></xs:sequence>'
    )
    assert told(decoded(ask, "<a>1</a>")) == [("a[2]", "missing")]
    assert returns(ask, {"a": [1, 2]})


def test_nested_models(stranger: Stranger) -> None:
    ask = stranger.ask("""<xs:sequence>
      <xs:choice>
        <xs:sequence><xs:element name="a" type="xs:int"/><xs:element name="b" type="xs:int"/></xs:sequence>
        <xs:element name="c" type="xs:int"/>
      </xs:choice>
      <xs:sequence minOccurs="0"><xs:element name="d" type="xs:int"/><xs:element name="e" type="xs:int"/></xs:sequence>
      <xs:choice minOccurs="0"><xs:element name="f" type="xs:int"/><xs:element name="g" type="xs:int"/></xs:choice>
    </xs:sequence>""")
    assert not any(required for _, required, _ in named(ask).values())
    assert decoded(ask, "<a>1</a><b>2</b>").values == {"a": 1, "b": 2}
    assert decoded(ask, "<c>1</c><d>2</d><e>3</e><g>4</g>").problems == ()
    assert told(decoded(ask, "")) == [("a", "missing")]
    assert told(decoded(ask, "<a>1</a>")) == [("b", "missing")]
    assert told(decoded(ask, "<c>1</c><e>2</e>")) == [("d", "missing")]
    assert told(decoded(ask, "<a>1</a><b>2</b><c>3</c>")) == [("c", "unexpected")]
    assert told(decoded(ask, "<c>1</c><f>2</f><g>3</g>")) == [("g", "unexpected")]
    assert told(decoded(ask, "<c>1</c><g>3</g><d>1</d><e>2</e>")) == [("g", "unexpected")]
    for values in ({"a": 1, "b": 2}, {"c": 1, "d": 2, "e": 3, "g": 4}):
        assert returns(ask, values)


def test_all_in_any_order(stranger: Stranger) -> None:
    ask = stranger.ask("""<xs:all>
      <xs:element name="a" type="xs:int"/><xs:element name="b" type="xs:int" minOccurs="0"/>
      <xs:element name="c" type="xs:int"/>
    </xs:all>""")
    assert decoded(ask, "<c>3</c><a>1</a>").values == {"c": 3, "a": 1}
    assert told(decoded(ask, "<c>3</c><b>x</b>")) == [("a", "missing"), ("b", "malformed")]
    assert returns(ask, {"a": 1, "c": 3})


def test_extension_groups_and_references(stranger: Stranger) -> None:
    ask = stranger.load("""
      <xs:complexType name="Base"><xs:sequence><xs:element name="a" type="xs:int"/></xs:sequence></xs:complexType>
      <xs:complexType name="More"><xs:complexContent><xs:extension base="Base"><xs:sequence>
        <xs:group ref="G"/><xs:element ref="top"/>
      </xs:sequence></xs:extension></xs:complexContent></xs:complexType>
      <xs:group name="G"><xs:sequence><xs:element name="g" type="xs:int"/></xs:sequence></xs:group>
      <xs:element name="top" type="xs:token"/>
      <xs:complexType name="Text"><xs:simpleContent><xs:extension base="xs:string"/></xs:simpleContent></xs:complexType>
      <xs:element name="Ask"><xs:complexType><xs:sequence>
        <xs:element name="more" type="More"/><xs:element name="text" type="Text"/>
      </xs:sequence></xs:complexType></xs:element>
    """).operations["{urn:stranger}Ask"]
    assert named(ask) == {
        "more/a": ("integer", True, False),
        "more/g": ("integer", True, False),
        "more/top": ("string", True, False),
        "text": ("string", True, False),
    }
    good = decoded(ask, "<more><a>1</a><g>2</g><top> x  y </top></more><text> x  y </text>")
    assert good.values == {"more/a": 1, "more/g": 2, "more/top": "x y", "text": " x  y "}
    assert returns(ask, good.values)
    typed = (
        '<more xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Base"><a>1</a></more><text/>'
    )
    assert ("more/@type", "unexpected") in told(decoded(ask, typed))


def test_unqualified_children(stranger: Stranger) -> None:
    stranger.xsd = stranger.xsd.replace('elementFormDefault="qualified"', "")
    ask = stranger.ask('<xs:sequence><xs:element name="a" type="xs:int"/></xs:sequence>')
    assert AnswerPlan(ask.request).encode({"a": 1}) == b'<ns1:Ask xmlns:ns1="urn:stranger"><a>1</a></ns1:Ask>'
    assert told(decoded(ask, "<a>1</a>")) == [("a", "unexpected"), ("a", "missing")]
    assert returns(ask, {"a": 1})


def test_an_empty_request(stranger: Stranger) -> None:
    ask = stranger.ask("")
    assert decoded(ask, "").values == {}
    assert told(decoded(ask, "<a/>")) == [("a", "unexpected")]
    assert told(decoded(ask, "text")) == [("", "unexpected")]
    assert returns(ask, {})


FACETS = [
    ("string", '<xs:enumeration value="on"/><xs:enumeration value="off"/>', ["on"], ["", "On", " on"]),
    ("token", '<xs:enumeration value="on"/>', [" on "], ["o n"]),
    ("string", '<xs:length value="2"/>', ["да"], ["д", "три"]),
    ("string", '<xs:pattern value="a+"/><xs:pattern value="\\d"/>', ["aa", "٣"], ["b", "aa\n"]),
    ("decimal", '<xs:totalDigits value="4"/><xs:fractionDigits value="2"/>', ["12.34", "0012.340"], ["123.45", "1.234"]),
    ("decimal", '<xs:minExclusive value="0"/><xs:maxInclusive value="1"/>', ["0.5", "1.0"], ["0", "1.01"]),
    ("integer", '<xs:minInclusive value="-1"/><xs:maxExclusive value="5"/>', ["-1", "4"], ["-2", "5", "1.0"]),
    ("date", '<xs:minInclusive value="2020-01-01"/>', ["2020-01-01"], ["2019-12-31"]),
    ("dateTime", '<xs:minInclusive value="2020-01-01T00:00:00Z"/>', ["2020-01-01T05:00:00+05:00"], ["2019-12-31T23:59:59Z"]),
    ("unsignedByte", "", ["255", "0"], ["256", "-1"]),
    ("positiveInteger", "", ["1"], ["0", "-1", "", "1e1"]),
    ("boolean", "", ["true", "0"], ["True", "yes", "2"]),
    ("double", "", ["1e5", "-.5"], ["1e400", "INF", "NaN", "1e", "0x1"]),
    ("float", "", ["1.5"], ["one"]),
    ("time", "", ["10:00:00Z", "24:00:00", "10:00:00.5+05:00"], ["25:00:00", "10:00", "10:00:60"]),
    ("base64Binary", '<xs:length value="1"/>', ["YQ==", " Y Q = = "], ["YWE=", "YQ", "%"]),
    ("anyURI", "", ["urn:x", ""], []),
    ("language", "", ["ru", "kk-KZ"], ["русский"]),
    ("NMTOKEN", "", [" a-b "], ["a b", ""]),
]  # fmt: skip


@pytest.mark.parametrize(("base", "facets", "good", "bad"), FACETS)
def test_facets(stranger: Stranger, base: str, facets: str, good: list[str], bad: list[str]) -> None:
    simple = f'<xs:simpleType><xs:restriction base="xs:{base}">{facets}</xs:restriction></xs:simpleType>'
    ask = stranger.ask(
        f'<xs:sequence><xs:element name="a">{simple}</xs:element><xs:element name="z" type="xs:int"/></xs:sequence>'
    )
    leaf = ask.request.children[0].leaf
    assert leaf is not None
    for text in good:
        fast = decoded(ask, f"<a>{text}</a><z>1</z>")
        assert fast.problems == (), text
        slow = decoded(ask, f"<a>{text}</a><z>x</z>")
        assert told(slow) == [("z", "malformed")], text
        assert slow.values["a"] == fast.values["a"] == leaf.value(text)
        assert returns(ask, fast.values)
    for text in bad:
        assert [path for path, _ in told(decoded(ask, f"<a>{text}</a><z>1</z>"))] == ["a"], text


def test_facets_of_every_step_hold(stranger: Stranger) -> None:
    ask = stranger.load("""
      <xs:simpleType name="Short"><xs:restriction base="xs:string"><xs:maxLength value="3"/></xs:restriction></xs:simpleType>
      <xs:simpleType name="Low"><xs:restriction base="Short"><xs:pattern value="[a-z]*"/></xs:restriction></xs:simpleType>
      <xs:element name="Ask"><xs:complexType><xs:sequence>
        <xs:element name="a" type="Low"/><xs:element name="z" type="xs:int"/>
      </xs:sequence></xs:complexType></xs:element>
    """).operations["{urn:stranger}Ask"]
    assert [leaf.leaf.expects for _, leaf in ask.request.leaves() if leaf.leaf] == [
        "text of at most 3 characters like [a-z]*",
        "a whole number from -2147483648 and up to 2147483647",
    ]
    for text in ("abcd", "AB"):
        assert told(decoded(ask, f"<a>{text}</a><z>x</z>")) == [("a", "malformed"), ("z", "malformed")]


def test_what_only_the_schema_can_judge_is_told_with_its_place(stranger: Stranger) -> None:
    unique = '<xs:unique name="once"><xs:selector xpath="s:row"/><xs:field xpath="s:key"/></xs:unique>'
    ask = stranger.load(f"""
      <xs:element name="Ask"><xs:complexType><xs:sequence>
        <xs:element name="rows" xmlns:s="urn:stranger"><xs:complexType><xs:sequence>
          <xs:element name="row" maxOccurs="unbounded"><xs:complexType><xs:sequence>
            <xs:element name="key" type="xs:string"/>
          </xs:sequence></xs:complexType></xs:element>
        </xs:sequence></xs:complexType>{unique}</xs:element>
      </xs:sequence></xs:complexType></xs:element>
    """).operations["{urn:stranger}Ask"]
    rows = "<rows><row><key>a</key></row><row><key>b</key></row><row><key>a</key></row></rows>"
    result = decoded(ask, rows)
    assert told(result) == [("rows/row[3]", "malformed")]
    assert "once" in result.problems[0].detail
    assert result.values == {"rows/row": [{"key": "a"}, {"key": "b"}, {"key": "a"}]}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('<xs:attribute name="id"/>', "Ask: attribute id is not supported"),
        ('<xs:anyAttribute namespace="##any"/>', r"attribute \(any\) is not supported"),
        ('<xs:sequence><xs:element name="a" type="xs:anyType"/></xs:sequence>', "Ask/a: mixed content"),
        ('<xs:sequence><xs:element name="a"/></xs:sequence>', "Ask/a: mixed content"),
        ('<xs:sequence><xs:element name="a" type="xs:anySimpleType"/></xs:sequence>', "Ask/a: .* not carried"),
        ('<xs:sequence><xs:element name="a" type="xs:ID"/></xs:sequence>', "Ask/a: .* not carried"),
        ('<xs:sequence><xs:element name="a" type="xs:QName"/></xs:sequence>', "Ask/a: .* not carried"),
        ('<xs:sequence><xs:element name="a" type="xs:duration"/></xs:sequence>', "Ask/a: .* not carried"),
        ('<xs:sequence><xs:element name="a" type="xs:gYear"/></xs:sequence>', "Ask/a: .* not carried"),
        ('<xs:sequence><xs:element name="a" type="xs:hexBinary"/></xs:sequence>', "Ask/a: .* not carried"),
        ('<xs:sequence><xs:element name="a" type="xs:NMTOKENS"/></xs:sequence>', "Ask/a: .* list or a union"),
        ('<xs:sequence><xs:element name="a" type="xs:int" nillable="true"/></xs:sequence>', "Ask/a: nillable"),
        ('<xs:sequence><xs:element name="a" type="xs:int" default="1"/></xs:sequence>', "Ask/a: default and fixed"),
        ('<xs:sequence><xs:element name="a" type="xs:int" fixed="1"/></xs:sequence>', "Ask/a: default and fixed"),
        ('<xs:sequence maxOccurs="2"><xs:element name="a" type="xs:int"/></xs:sequence>', "model group that repeats"),
        ('<xs:choice maxOccurs="unbounded"><xs:element name="a" type="xs:int"/></xs:choice>', "model group that repeats"),
        ('<xs:sequence><xs:element name="a" type="xs:int"/><xs:element name="b" type="xs:int"/><xs:element name="a" type="xs:int"/></xs:sequence>', "a stands twice"),
        ('<xs:sequence><xs:any namespace="##any" processContents="skip" minOccurs="0"/></xs:sequence>', "xs:any is supported for"),
        ('<xs:sequence><xs:any namespace="http://www.w3.org/2000/09/xmldsig#" processContents="skip"/></xs:sequence>', "minOccurs=0"),
        ('<xs:sequence><xs:element name="a"><xs:simpleType><xs:union memberTypes="xs:int xs:date"/></xs:simpleType></xs:element></xs:sequence>', "list or a union"),
        ('<xs:sequence><xs:element name="a"><xs:complexType><xs:simpleContent><xs:extension base="xs:int"><xs:attribute name="unit"/></xs:extension></xs:simpleContent></xs:complexType></xs:element></xs:sequence>', "Ask/a: attribute unit"),
        ('<xs:sequence><xs:element name="a"><xs:complexType mixed="true"/></xs:element></xs:sequence>', "Ask/a: mixed content"),
        ('<xs:sequence><xs:element name="a" type="xs:int"/><xs:element name="a" type="xs:date"/></xs:sequence>', "a"),
    ],
)  # fmt: skip
def test_what_plans_cannot_carry_is_refused(stranger: Stranger, content: str, says: str) -> None:
    with pytest.raises(ContractError, match=says):
        stranger.ask(content)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ('<xs:element name="Ask" type="xs:string"/>', "holds elements, not text"),
        ('<xs:complexType name="T"><xs:sequence><xs:element name="t" type="T" minOccurs="0"/></xs:sequence></xs:complexType><xs:element name="Ask" type="T"/>', "Ask/t: the type holds itself"),
        ('<xs:complexType name="T" abstract="true"/><xs:element name="Ask" type="T"/>', "abstract type"),
        ('<xs:element name="Ask" abstract="true"><xs:complexType/></xs:element>', "abstract element"),
        ('<xs:element name="Ask" nillable="true"><xs:complexType/></xs:element>', "nillable"),
    ],
)  # fmt: skip
def test_types_that_cannot_be_carried(stranger: Stranger, body: str, says: str) -> None:
    with pytest.raises(ContractError, match=says):
        stranger.load(body)


def test_a_prohibited_element_is_no_child(stranger: Stranger) -> None:
    ask = stranger.ask("""<xs:sequence>
      <xs:element name="a" type="xs:int"/><xs:element name="b" type="xs:int" minOccurs="0" maxOccurs="0"/>
    </xs:sequence>""")
    assert list(named(ask)) == ["a"]
    assert told(decoded(ask, "<a>1</a><b>1</b>")) == [("b", "unexpected")]
