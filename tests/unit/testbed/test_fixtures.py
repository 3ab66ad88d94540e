from __future__ import annotations

import re
from pathlib import Path

import pytest
from fixture_folders import ENVELOPE, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from esutd_bus.testbed.fixtures import FixtureError, in_order, load_fixtures
from esutd_bus.testbed.replay import chosen_fixtures

SIGNED = "signer: employer\n"
FAULT = "signer: employer\ncode: SCSE003\n"


def refusal(root: Path) -> str:
    with pytest.raises(FixtureError) as caught:
        load_fixtures(root)
    return str(caught.value)


def test_a_fixture_is_read_from_its_folder(tmp_path: Path) -> None:
    write(tmp_path, "ok/ask", SIGNED)
    write(tmp_path, "faults/017-number-missing", "signer: none\ncode: SCSE003\nfield: contract/number\n")
    fixtures = load_fixtures(tmp_path)
    assert list(fixtures) == ["ask", "number-missing"]
    fault = fixtures["number-missing"]
    assert (fault.label, fault.kind, fault.operation) == ("faults/017-number-missing", "faults", "Ask")
    assert (fault.expect.status, fixtures["ask"].expect.status) == (500, 200)
    assert fault.why == "It is broken.\n"


@pytest.mark.parametrize(
    ("expect", "told"),
    [
        ("signer: employer\nsinger: x\n", "singer: unknown key"),
        ("signer: employer\nhttp: {statu: 200}\n", "http.statu: unknown key"),
        ("signer: employer\ntamper: [{replace: [a]}]\n", "tamper.0.replace"),
        ("after: []\n", "state `signer`, or `signatures`"),
        ("signer: employer\nsignatures: [{signer: bus}]\n", "state `signer`, or `signatures`"),
        ("signatures: [{signer: bus}]\nprofile: document\n", "each of `signatures` has its own"),
        ("signer: employer\nprofile: envelope\n", "profile"),
        ("signer: employer\nhttp: {status: many}\n", "http.status"),
        ("signer: employer\nkey_info: Passport\n", "key_info"),
        ("signer: employer\nfield: contract/number\n", "`field`"),
        ("signer: employer\nown: true\n", "`after` is empty"),
        ("signer: employer\nsame_answer_as: other\n", "must go first"),
        ("- signer\n", "not a mapping"),
        ("signer: [\n", "not YAML"),
    ],
)
def test_what_cannot_be_understood_is_told_with_its_folder(tmp_path: Path, expect: str, told: str) -> None:
    write(tmp_path, "ok/ask", expect)
    assert re.match(r"ok/ask/expect\.yaml: ", refusal(tmp_path))
    assert told in refusal(tmp_path)


@pytest.mark.parametrize(
    "expect",
    [FAULT + "errors: [{code: SCSE004}]\n", FAULT + "answer: <a/>\n", FAULT + "warning: [SCSE088]\n"],
)
def test_a_fault_that_contradicts_itself_is_told(tmp_path: Path, expect: str) -> None:
    write(tmp_path, "faults/001-broken", expect)
    assert "faults/001-broken/expect.yaml: " in refusal(tmp_path)


@pytest.mark.parametrize(
    ("label", "expect", "told"),
    [
        ("ok/ask", FAULT, "belongs below `faults`"),
        ("faults/001-ask", SIGNED, "belongs below `ok`"),
        ("faults/ask", FAULT, "named NNN-NAME"),
        ("ok/001-ask", SIGNED, "named NNN-NAME"),
    ],
)
def test_a_fixture_lies_where_it_belongs(tmp_path: Path, label: str, expect: str, told: str) -> None:
    write(tmp_path, label, expect)
    assert told in refusal(tmp_path)


def test_a_fault_without_its_reason_is_told(tmp_path: Path) -> None:
    (write(tmp_path, "faults/001-ask", FAULT) / "why.md").unlink()
    assert "why.md is missing" in refusal(tmp_path)


def test_a_folder_has_one_request(tmp_path: Path) -> None:
    folder = write(tmp_path, "ok/ask", SIGNED)
    (folder / "request.txt").write_text("again")
    assert "has 2" in refusal(tmp_path)
    (folder / "request.txt").unlink()
    (folder / "request.xml").unlink()
    assert "has 0" in refusal(tmp_path)


def test_bytes_that_are_no_xml_need_an_endpoint_and_no_signer(tmp_path: Path) -> None:
    folder = write(tmp_path, "faults/001-text", FAULT, "not XML", "request.txt")
    assert "only request.xml can be signed" in refusal(tmp_path)
    (folder / "expect.yaml").write_text("signer: none\ncode: ESB001\n")
    assert "`endpoint` must be stated" in refusal(tmp_path)
    (folder / "expect.yaml").write_text("signer: none\ncode: ESB001\nendpoint: /soap\n")
    assert load_fixtures(tmp_path)["text"].operation == "—"


def test_a_broken_request_xml_is_told(tmp_path: Path) -> None:
    write(tmp_path, "ok/ask", SIGNED, "<s:Envelope>")
    assert "bytes that break XML stand in request.txt" in refusal(tmp_path)


def test_a_name_is_met_once(tmp_path: Path) -> None:
    write(tmp_path, "ok/ask", SIGNED)
    write(tmp_path, "faults/001-ask", FAULT)
    assert "faults/001-ask: ok/ask has the same name" in refusal(tmp_path)


def test_an_empty_folder_is_no_catalogue(tmp_path: Path) -> None:
    assert "no fixtures" in refusal(tmp_path)


def test_a_cycle_is_told_with_its_members(tmp_path: Path) -> None:
    write(tmp_path, "ok/one", SIGNED + "after: [two]\n")
    write(tmp_path, "ok/two", SIGNED + "after: [three]\n")
    write(tmp_path, "ok/three", SIGNED + "after: [one]\n")
    told = refusal(tmp_path)
    assert "goes before itself" in told
    assert all(name in told for name in ("one", "two", "three", "→"))


def test_a_predecessor_that_is_not_there_is_told(tmp_path: Path) -> None:
    write(tmp_path, "ok/one", SIGNED + "after: [two]\n")
    assert "ok/one: goes after two, which is not there" in refusal(tmp_path)


@pytest.mark.parametrize("where", ["request", "answer"])
def test_a_value_is_taken_only_of_what_goes_before(tmp_path: Path, where: str) -> None:
    taken = "${from:first/id}"
    request = ENVELOPE.replace("${uuid:id}", taken) if where == "request" else ENVELOPE
    answer = f"answer: <a>{taken}</a>\n" if where == "answer" else ""
    write(tmp_path, "ok/first", SIGNED)
    write(tmp_path, "ok/middle", SIGNED + "after: [first]\n")
    write(tmp_path, "ok/last", SIGNED + answer + "after: [middle]\n", request)
    assert load_fixtures(tmp_path)["last"].expect.after == ("middle",)
    (tmp_path / "ok/last/expect.yaml").write_text(SIGNED + answer)
    assert "ok/last: takes a value of first, which does not go before it" in refusal(tmp_path)


@st.composite
def catalogues(draw: st.DrawFn) -> dict[str, list[str]]:
    """Name → predecessors, without cycles whatever the names' order."""
    names = draw(st.permutations([f"f{number}" for number in range(8)]))
    return {
        name: draw(st.lists(st.sampled_from(names[:index]), unique=True)) if index else []
        for index, name in enumerate(names)
    }


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(catalogue=catalogues(), data=st.data())
def test_the_order_puts_everything_after_what_it_needs(
    tmp_path_factory: pytest.TempPathFactory, catalogue: dict[str, list[str]], data: st.DataObject
) -> None:
    root = tmp_path_factory.mktemp("catalogue")
    for name, after in catalogue.items():
        write(root, f"ok/{name}", f"signer: none\nafter: [{', '.join(after)}]\n")
    fixtures = load_fixtures(root)
    chosen = data.draw(st.lists(st.sampled_from(sorted(catalogue)), min_size=1, unique=True))
    order = [fixture.name for fixture in in_order(chosen, fixtures)]
    assert len(order) == len(set(order))
    assert set(chosen) <= set(order)
    for index, name in enumerate(order):
        assert set(catalogue[name]) <= set(order[:index])


def test_what_is_chosen_comes_with_its_predecessors(tmp_path: Path) -> None:
    write(tmp_path, "ok/register", SIGNED)
    write(tmp_path, "ok/other", SIGNED)
    write(tmp_path, "faults/001-again", FAULT + "after: [register]\n")
    assert [one.name for one in chosen_fixtures([tmp_path])[1]] == ["other", "register", "again"]
    assert [one.name for one in chosen_fixtures([tmp_path / "faults"])[1]] == ["register", "again"]
    assert [one.name for one in chosen_fixtures([tmp_path / "ok/other"])[1]] == ["other"]
    for name in ("again", "001-again"):
        assert [one.name for one in chosen_fixtures([tmp_path], [name])[1]] == ["register", "again"]
    with pytest.raises(FixtureError, match="no such fixture: agian"):
        chosen_fixtures([tmp_path], ["agian"])
    with pytest.raises(FixtureError, match="neither fixtures nor a fixture"):
        chosen_fixtures([tmp_path.parent])
