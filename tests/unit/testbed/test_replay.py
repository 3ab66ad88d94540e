from __future__ import annotations

import re
import socket
import threading
from pathlib import Path

import pytest
from fixture_folders import ANSWER, ENVELOPE, FAULT, Asked, Script, scripted_service, stage, write

from esutd_bus.testbed.replay import EndpointUnreachable, Result, replay

SIGNED = "signer: employer\n"


def always(status: int, body: str) -> Script:
    return lambda _: (status, body)


def numbered() -> Script:
    """Each answer has a number of its own, which `17` becomes."""
    numbers = iter(range(100, 1000))
    return lambda _: (200, ANSWER.replace("17", str(next(numbers))))


def played(root: Path, script: Script, only: tuple[str, ...] = ()) -> tuple[dict[str, Result], list[Asked]]:
    with scripted_service(script) as (endpoint, asked):
        results = replay([root], stage(endpoint), only=only)
    return {result.fixture.name: result for result in results}, asked


def asked_for(asked: Asked) -> str:
    found = re.search(r"<id>(.*)</id>", asked.body.decode())
    assert found
    return found[1]


def test_a_message_is_filled_signed_and_sent(tmp_path: Path) -> None:
    write(tmp_path, "ok/ask", SIGNED + "key_info: X509Data\n")
    results, (asked,) = played(tmp_path, always(200, ANSWER))
    assert results["ask"].differences == ()
    assert (asked.method, asked.path) == ("POST", "/soap/example")
    assert asked.headers["content-type"] == "text/xml; charset=utf-8"
    assert asked.headers["soapaction"] == '"urn:example:Ask"'
    assert asked.body.endswith(b"<!-- signed by employer, wsse, X509Data -->")
    assert re.fullmatch("[0-9a-f-]{36}", asked_for(asked))


def test_an_unsigned_message_goes_out_as_it_stands(tmp_path: Path) -> None:
    write(tmp_path, "ok/ask", "signer: none\n")
    _, (asked,) = played(tmp_path, always(200, ANSWER))
    assert b"signed by" not in asked.body


def test_http_is_as_the_fixture_asks(tmp_path: Path) -> None:
    http = """\
        endpoint: /elsewhere
        http:
          request: {method: PUT, content_type: "text/xml; charset=utf-16", encoding: utf-16, headers: {X-A: b}}
    """
    write(tmp_path, "ok/ask", "signer: none\n" + http.replace("        ", ""))
    _, (asked,) = played(tmp_path, always(200, ANSWER))
    assert (asked.method, asked.path, asked.headers["x-a"]) == ("PUT", "/elsewhere", "b")
    assert asked.headers["content-type"] == "text/xml; charset=utf-16"
    text = asked.body.decode("utf-16")
    assert text.startswith('<?xml version="1.0" encoding="UTF-16"?>\n<s:Envelope')


def test_tampering_comes_after_signing(tmp_path: Path) -> None:
    write(
        tmp_path, "ok/ask", SIGNED + "tamper:\n  - replace: ['signed (by) (.*?) -', 'forged \\1 not \\2 -']\n"
    )
    _, (asked,) = played(tmp_path, always(200, ANSWER))
    assert asked.body.endswith(b"<!-- forged by not employer, wsse, None -->")


def test_tampering_that_changes_nothing_is_a_difference(tmp_path: Path) -> None:
    write(tmp_path, "ok/ask", SIGNED + "tamper:\n  - replace: [nowhere, x]\n")
    results, asked = played(tmp_path, always(200, ANSWER))
    assert "'nowhere' matches nothing" in results["ask"].differences[0]
    assert asked == []


def test_bytes_are_sent_as_they_are(tmp_path: Path) -> None:
    folder = write(
        tmp_path, "faults/001-bytes", "signer: none\ncode: ESB001\nendpoint: /soap\n", "", "request.bin"
    )
    (folder / "request.bin").write_bytes(b"\xff\x00${uuid}")
    _, (asked,) = played(tmp_path, always(200, ANSWER))
    assert asked.body == b"\xff\x00${uuid}"


def test_what_went_before_is_sent_once_for_all_and_its_values_are_taken(tmp_path: Path) -> None:
    taking = ENVELOPE.replace("${uuid:id}", "${from:first/id} ${from:first/request/id}")
    write(tmp_path, "ok/first", SIGNED)
    write(tmp_path, "ok/second", SIGNED + "after: [first]\n", taking)
    write(tmp_path, "ok/third", SIGNED + "after: [second]\n", taking)
    results, asked = played(tmp_path, numbered())
    first = asked_for(asked[0])
    assert [asked_for(one) for one in asked[1:]] == [f"100 {first}"] * 2
    assert all(result.as_expected for result in results.values())


def test_one_that_wants_its_own_gets_the_whole_chain_anew(tmp_path: Path) -> None:
    taking = ENVELOPE.replace("${uuid:id}", "${from:first/id}")
    write(tmp_path, "ok/first", SIGNED)
    write(tmp_path, "ok/second", SIGNED + "after: [first]\n", taking)
    write(tmp_path, "ok/changes", SIGNED + "after: [second]\nown: true\n", taking)
    write(tmp_path, "ok/sees", SIGNED + "after: [changes]\n", taking)
    results, asked = played(tmp_path, numbered())
    assert len(results) == 4
    values = [asked_for(one) for one in asked]
    # first, second(first); then for `changes` both anew; `sees` sees what `changes` saw.
    assert values[1] == "100"
    assert values[3] == values[4] == values[5] == "102"
    assert len(asked) == 6


def test_after_a_failure_nothing_is_sent_that_needs_it(tmp_path: Path) -> None:
    write(tmp_path, "ok/first", SIGNED)
    write(tmp_path, "ok/second", SIGNED + "after: [first]\n")
    write(tmp_path, "ok/third", SIGNED + "after: [second]\n")
    write(tmp_path, "ok/zero", SIGNED)
    results, asked = played(tmp_path, lambda asked: (200 if len(asked.body) == 0 else 500, FAULT))
    assert results["second"].differences == ("not sent: first goes first and did not go as expected",)
    assert results["third"].differences == ("not sent: second goes first and did not go as expected",)
    assert len(asked) == 2


def test_an_answer_that_must_be_the_same_is_compared_in_bytes(tmp_path: Path) -> None:
    write(tmp_path, "ok/first", SIGNED)
    write(tmp_path, "ok/again", SIGNED + "after: [first]\nsame_answer_as: first\n")
    assert played(tmp_path, always(200, ANSWER))[0]["again"].as_expected
    results, _ = played(tmp_path, numbered())
    assert "not the answer of first, byte for byte" in results["again"].differences


def test_what_cannot_be_filled_is_a_difference_and_not_sent(tmp_path: Path) -> None:
    write(tmp_path, "ok/first", SIGNED)
    write(
        tmp_path,
        "ok/second",
        SIGNED + "after: [first]\n",
        ENVELOPE.replace("${uuid:id}", "${from:first/ide}"),
    )
    write(tmp_path, "ok/third", SIGNED, ENVELOPE.replace("${uuid:id}", "${uuidd}"))
    results, asked = played(tmp_path, always(200, ANSWER))
    assert results["second"].differences == ("not sent: ${from:first/ide}: AskResponse has no ide",)
    assert results["third"].differences == ("not sent: unknown placeholder ${uuidd}",)
    assert len(asked) == 1


def test_a_namespace_without_a_service_is_a_difference(tmp_path: Path) -> None:
    write(tmp_path, "ok/ask", SIGNED, ENVELOPE.replace("urn:example", "urn:other"))
    results, _ = played(tmp_path, always(200, ANSWER))
    assert "no service has the namespace of {urn:other}Ask" in results["ask"].differences[0]


def test_nobody_at_the_endpoint_ends_the_run(tmp_path: Path) -> None:
    write(tmp_path, "ok/ask", SIGNED)
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # bound but not listening: refused
        with pytest.raises(EndpointUnreachable):
            replay([tmp_path], stage(f"http://127.0.0.1:{bound.getsockname()[1]}"))


def test_a_connection_that_breaks_is_a_difference(tmp_path: Path) -> None:
    write(tmp_path, "ok/ask", SIGNED)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def breaks() -> None:
            connection, _ = listener.accept()
            connection.recv(1)
            connection.close()

        thread = threading.Thread(target=breaks)
        thread.start()
        (result,) = replay([tmp_path], stage(f"http://127.0.0.1:{listener.getsockname()[1]}"))
        thread.join()
    assert result.differences[0].startswith("no answer: ")
