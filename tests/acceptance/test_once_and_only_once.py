"""A retry has no second effect: the stored answer, byte for byte."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import psycopg

from esutd_bus.signature.signing import sign_document, sign_wsse
from esutd_bus.testbed.test_ca import TestCa
from support.messages import contract, header, post, referring, register, send
from support.services import Service


def contracts_with(service: Service, number: str) -> int:
    with psycopg.connect(service.database_url) as connection:
        row = connection.execute("SELECT count(*) FROM contract WHERE number = %s", (number,)).fetchone()
    return row[0]


def test_the_same_bytes_twice_give_the_same_bytes_and_one_contract(service: Service, ca: TestCa) -> None:
    terms = contract()
    message = sign_wsse(register(contract=terms), ca.identity("employer"))
    first, second = post(service.url, message), post(service.url, message)
    assert first.codes == ["SCSS001"]
    assert (second.status, second.body) == (first.status, first.body)
    assert contracts_with(service, terms["number"]) == 1


def test_a_retry_may_be_signed_anew(service: Service, ca: TestCa) -> None:
    unsigned = register()
    first = send(service.url, unsigned, ca.identity("employer"))
    again = send(service.url, unsigned, ca.identity("employer"))
    assert again.body == first.body


def test_a_retry_finds_its_answer_through_the_other_binding(asgi: Service, wsgi: Service, ca: TestCa) -> None:
    message = sign_wsse(register(), ca.identity("employer"))
    assert post(wsgi.url, message).body == post(asgi.url, message).body


def test_the_same_request_id_with_another_body_is_refused(service: Service, ca: TestCa) -> None:
    request_id = uuid4()
    employer = ca.identity("employer")
    first = send(service.url, register(requestHeader=header(requestId=request_id)), employer)
    terms = contract()
    other = send(service.url, register(requestHeader=header(requestId=request_id), contract=terms), employer)
    assert first.codes == ["SCSS001"]
    assert other.fields == [("ESB006", "requestHeader/requestId")]
    assert contracts_with(service, terms["number"]) == 0


def test_a_business_refusal_is_stored_like_an_answer(service: Service, ca: TestCa) -> None:
    message = sign_wsse(referring("GetContract", str(uuid4())), ca.identity("employer"))
    first, second = post(service.url, message), post(service.url, message)
    assert first.codes == ["SCSE025"]
    assert second.body == first.body


def test_a_request_id_is_not_bound_by_a_message_that_failed_the_schema(service: Service, ca: TestCa) -> None:
    request_id = uuid4()
    employer = ca.identity("employer")
    broken = send(
        service.url,
        register(requestHeader=header(requestId=request_id), contract=contract(number=None)),
        employer,
    )
    mended = send(service.url, register(requestHeader=header(requestId=request_id)), employer)
    assert broken.codes == ["SCSE003"]
    assert mended.codes == ["SCSS001"]


def test_two_senders_may_use_the_same_request_id(service: Service, ca: TestCa) -> None:
    request_id = uuid4()
    ours = register(requestHeader=header(requestId=request_id))
    theirs = register("940340000421", requestHeader=header(requestId=request_id))
    assert send(service.url, ours, ca.identity("employer")).codes == ["SCSS001"]
    assert send(service.url, theirs, ca.identity("other-employer")).codes == ["SCSS001"]


def test_twenty_at_once_are_one_contract(service: Service, ca: TestCa) -> None:
    terms = contract()
    message = sign_wsse(register(contract=terms), ca.identity("employer"))
    with ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(lambda _: post(service.url, message), range(20)))
    assert {reply.body for reply in replies} == {replies[0].body}
    assert replies[0].codes == ["SCSS001"]
    assert contracts_with(service, terms["number"]) == 1


def test_of_twenty_that_want_one_number_one_gets_it(asgi: Service, wsgi: Service, ca: TestCa) -> None:
    number = f"ТД-{uuid4().hex[:12]}"
    messages = [
        sign_wsse(register(contract=contract(number=number)), ca.identity("employer")) for _ in range(20)
    ]
    with ThreadPoolExecutor(20) as pool:
        replies = list(
            pool.map(lambda each: post((asgi, wsgi)[each[0] % 2].url, each[1]), enumerate(messages))
        )
    assert sorted(reply.codes[0] for reply in replies) == ["SCSE014"] * 19 + ["SCSS001"]
    assert contracts_with(asgi, number) == 1


def days_pass(service: Service, request_id: UUID) -> None:
    """As if the request had been answered two days ago."""
    with psycopg.connect(service.database_url) as connection:
        connection.execute(
            "UPDATE request SET bound_at = bound_at - interval '2 days' WHERE request_id = %s", (request_id,)
        )


def test_a_stored_read_holds_for_a_day(asgi: Service, ca: TestCa) -> None:
    employer = ca.identity("employer")
    contract_id = send(asgi.url, register(), employer).text("contractId") or ""
    request_id = uuid4()
    message = sign_wsse(
        referring("GetContract", contract_id, requestHeader=header(requestId=request_id)), employer
    )
    first = post(asgi.url, message)
    assert post(asgi.url, message).body == first.body
    days_pass(asgi, request_id)
    anew = post(asgi.url, message)
    assert anew.codes == ["SCSS001"]
    assert anew.text("messageId") != first.text("messageId")
    assert post(asgi.url, message).body == anew.body
    days_pass(asgi, request_id)
    other = referring("GetContract", str(uuid4()), requestHeader=header(requestId=request_id))
    assert send(asgi.url, other, employer).codes == ["ESB006"]


def test_a_registration_keeps_its_answer_for_ever(asgi: Service, ca: TestCa) -> None:
    employer = ca.identity("employer")
    request_id = uuid4()
    message = sign_wsse(register(requestHeader=header(requestId=request_id)), employer)
    first = post(asgi.url, message)
    days_pass(asgi, request_id)
    read = referring(
        "GetContract", first.text("contractId") or "", requestHeader=header(requestId=request_id)
    )
    assert send(asgi.url, read, employer).codes == ["ESB006"]
    assert post(asgi.url, message).body == first.body


def test_a_retry_may_be_signed_by_another_profile(service: Service, ca: TestCa) -> None:
    """What is asked is the same, whoever has signed it and where."""
    employer, message = ca.identity("employer"), register()
    first = post(service.url, sign_wsse(message, employer))
    document = sign_document(message, employer)
    cosigned = sign_document(sign_document(message, ca.identity("individual")), employer)
    for retry in (document, cosigned, sign_wsse(document, employer)):
        assert post(service.url, retry).body == first.body
    # Signed last by somebody else, it is somebody else's request.
    other = sign_document(document, ca.identity("individual"))
    assert post(service.url, other).codes == ["SCSE046"]
