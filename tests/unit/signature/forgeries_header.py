"""Forgeries of the profile `header`: what it has in common with `wsse` is tried there."""

from __future__ import annotations

import copy
from functools import partial

from changes import (
    REFERENCE,
    append,
    both,
    edit_text,
    key_info_holds,
    move,
    put,
    remove,
    transforms_are,
    wrap_body,
    wrapper,
)
from forgery import EXCLUSIVE, NS, Forgery, Message, parse

_C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_WSU_ID = f"{{{NS['wsu']}}}Id"

_Forgery = partial(Forgery, profile="header", key_info="X509Data")


def _second_signature(message: Message) -> None:
    message.at("//soap:Header").append(copy.deepcopy(message.signature))


def _secured_as_well(message: Message) -> None:
    security = parse("<wsse:Security/>")
    security.append(copy.deepcopy(message.signature))
    message.at("//soap:Header").append(security)


def _identifier_of_wsse(message: Message) -> None:
    message.body.set(_WSU_ID, message.body.attrib.pop("Id"))


def _swap_certificate(message: Message) -> None:
    message.at("//ds:X509Certificate").text = message.other_certificate


def _change_body(message: Message) -> None:
    message.body[0][0].text = "666"


ALL = (
    _Forgery("header: no signature", "absent", remove("//ds:Signature"), sealed=False),
    _Forgery("header: signature inside another block", "misplaced",
             both(wrapper(), move("//ds:Signature", "//soap:Header/*[2]"))),
    _Forgery("header: signature in the Body", "misplaced", move("//ds:Signature", "//soap:Body"), sealed=False),
    _Forgery("header: signature beside an empty security header", "misplaced",
             append("//soap:Header", "<wsse:Security/>")),
    _Forgery("header: two signatures", "several-signatures", _second_signature, sealed=False),
    _Forgery("header: signed by wsse as well", "several-signatures", _secured_as_well, sealed=False),
    _Forgery("header: identifier of another profile", "reference-target", _identifier_of_wsse),
    _Forgery("header: reference to the document", "reference-target", put(REFERENCE, "URI", "")),
    _Forgery("header: reference to an address", "reference-target", put(REFERENCE, "URI", "http://localhost/")),
    _Forgery("header: Body moved into a block, evil one with an identifier of its own", "reference-target",
             both(wrapper(), wrap_body(where="//soap:Header/*[2]", identifier="evil", attribute="Id"))),
    _Forgery("header: Body moved into a block, evil one with the same identifier", "duplicate-id",
             both(wrapper(), lambda message: message.at("//soap:Header/*[2]").set("ID", message.body.get("Id") or ""))),
    _Forgery("header: inclusive form", "transform", transforms_are(_C14N)),
    _Forgery("header: enveloped", "transform", transforms_are(f"{NS['ds']}enveloped-signature", EXCLUSIVE)),
    _Forgery("header: SignedInfo in inclusive form", "canonicalization",
             put("//ds:CanonicalizationMethod", "Algorithm", _C14N)),
    _Forgery("header: certificate as wsse has it", "key-info",
             key_info_holds("<wsse:SecurityTokenReference><ds:X509Data><ds:X509Certificate>{0}</ds:X509Certificate>"
                            "</ds:X509Data></wsse:SecurityTokenReference>")),
    _Forgery("header: bare public key", "key-info", key_info_holds("<ds:KeyValue><ds:RSAKeyValue/></ds:KeyValue>")),
    Forgery("header: certificate that nobody knows", "certificate-unknown",
            edit_text("//ds:X509SerialNumber", lambda _: "1"), key_info="X509IssuerSerial", profile="header"),
    _Forgery("header: certificate of another", "signature-mismatch", _swap_certificate),
    _Forgery("header: Body changed", "digest-mismatch", _change_body, sealed=False),
)  # fmt: skip
