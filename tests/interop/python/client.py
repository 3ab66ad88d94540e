"""An employer's program over zeep. It prints, as JSON, what zeep made of the answers (see ../README.md)."""

# zeep annotates in part.
# mypy: allow-untyped-calls

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from os import environ
from typing import Any
from uuid import uuid4

import xmlsec
import zeep
import zeep.helpers
from zeep import xsd
from zeep.exceptions import Fault
from zeep.wsse.signature import BinarySignature

TODAY = date.fromisoformat(environ["TODAY"])


class Signature(BinarySignature):
    """zeep's own signature. Its `verify` expects the answer to be signed with the client's own key."""

    def verify(self, envelope: Any) -> Any:
        return envelope


def signature() -> Signature:
    # zeep's defaults, which the service refuses, are SHA-1.
    return Signature(
        environ["KEY_PEM"],
        environ["CERTIFICATE_PEM"],
        signature_method=xmlsec.constants.TransformRsaSha256,
        digest_method=xmlsec.constants.TransformSha256,
    )


def common() -> dict[str, Any]:
    header = {"requestId": str(uuid4()), "sentAt": datetime.now(UTC), "system": "zeep"}
    return {"requestHeader": header, "employer": {"bin": environ["EMPLOYER_BIN"]}}


def whole_contract() -> dict[str, Any]:
    """Every element but `patronymic`, which is None: zeep leaves it out."""
    return {
        "externalId": str(uuid4()),
        "number": f"zeep-{uuid4()}",
        "concludedOn": TODAY,
        "employee": {
            "iin": environ["EMPLOYEE_IIN"],
            "surname": "Жолдасов",
            "name": "Ернар",
            "patronymic": None,
        },
        "startsOn": TODAY + timedelta(days=1),
        "term": {"termCode": "2", "endsOn": TODAY + timedelta(days=800)},
        "positionCode": "2511-1-002",
        "establishedPost": 'Инженер <&> "Әлем"',
        "employmentTypeCode": "2",
        "workingTime": {
            "workingHoursCode": "3",
            "tariffRate": Decimal("0.5"),
            "restNote": "Суббота, воскресенье",
        },
        "remoteWorkCode": "3",
        "workPlace": {
            "countryCode": "398",
            "katoCode": "711210000",
            "address": "г. Астана, ул. Примерная, 1",
        },
        "liableForMilitaryService": False,
    }


def bare_contract() -> dict[str, Any]:
    """What is required, and signed forty days ago."""
    contract = whole_contract()
    for optional in ("workingTime", "liableForMilitaryService"):
        del contract[optional]
    contract |= {"employee": {"iin": environ["EMPLOYEE_IIN"]}, "term": {"termCode": "1"}}
    contract["concludedOn"] = TODAY - timedelta(days=40)
    return contract


def contract_of_several_errors() -> dict[str, Any]:
    contract = whole_contract()
    contract |= {"externalId": "TD-17", "number": xsd.Nil, "positionCode": "9999-9-999"}
    contract["workingTime"]["tariffRate"] = Decimal("1.25")
    contract["workPlace"]["katoCode"] = "000000001"
    return contract


def ended_contract() -> dict[str, Any]:
    """A contract for a fixed term that ended yesterday."""
    began = TODAY - timedelta(days=400)
    contract = whole_contract()
    contract |= {"concludedOn": began, "startsOn": began}
    contract["term"]["endsOn"] = TODAY - timedelta(days=1)
    return contract


class Employer:
    """The steps, in the order in which they are asked for."""

    def __init__(self) -> None:
        self.contracts = zeep.Client(environ["CONTRACTS_WSDL"], wsse=signature())
        self.personal_file = zeep.Client(environ["PERSONAL_FILE_WSDL"], wsse=signature())
        self.cabinet_of_portals = zeep.Client(environ["CABINET_WSDL"], wsse=signature())
        zeep.Client(environ["AUTHORITY_WSDL"])
        self.contract_id = ""
        self.external_id = ""
        self.extended_id = ""

    def unsigned(self) -> Any:
        client = zeep.Client(environ["CONTRACTS_WSDL"])
        return self._told(
            client, lambda: client.service.RegisterContract(**common(), contract=whole_contract())
        )

    def registered(self) -> Any:
        answer = self.contracts.service.RegisterContract(**common(), contract=whole_contract())
        self.contract_id = answer.contractId
        return {"contractId": answer.contractId, **receipt(answer.receipt)}

    def late(self) -> Any:
        contract = bare_contract()
        answer = self.contracts.service.RegisterContract(**common(), contract=contract)
        self.external_id = contract["externalId"]
        return {"contractId": answer.contractId, **receipt(answer.receipt)}

    def contract(self) -> Any:
        return self._contract({"contractId": self.contract_id})

    def bare(self) -> Any:
        return self._contract({"externalId": self.external_id})

    def person(self) -> Any:
        return self._person(environ["PERSON_IIN"])

    def undocumented(self) -> Any:
        return self._person(environ["UNDOCUMENTED_IIN"])

    def several(self) -> Any:
        return self._told(
            self.contracts,
            lambda: self.contracts.service.RegisterContract(
                **common(), contract=contract_of_several_errors()
            ),
        )

    def upstream(self) -> Any:
        return self._told(self.personal_file, lambda: self._person(environ["REFUSED_IIN"]))

    def cabinet(self) -> Any:
        """A portal's operation, which serves no employer."""
        asked = {"requestHeader": common()["requestHeader"], "employee": {"iin": environ["PERSON_IIN"]}}
        portals = self.cabinet_of_portals
        return self._told(
            portals,
            lambda: portals.service.GetEmployeeContracts(**asked, page={"number": 1, "size": 10}),
        )

    def extended(self) -> Any:
        registered = self.contracts.service.RegisterContract(**common(), contract=ended_contract())
        self.extended_id = registered.contractId
        answer = self.contracts.service.ExtendContract(
            **common(),
            contractRef={"contractId": self.extended_id},
            extension={
                "extendedOn": TODAY - timedelta(days=1),
                "term": {"termCode": "2", "endsOn": TODAY + timedelta(days=400)},
            },
        )
        found = self._contract({"contractId": self.extended_id})
        return {
            "registered": self.extended_id,
            "contractId": answer.contractId,
            "endsOn": found["endsOn"],
            **receipt(answer.receipt),
        }

    def leave(self) -> Any:
        answer = self.contracts.service.RecordLeave(
            **common(),
            contractRef={"contractId": self.extended_id},
            leave={
                "externalId": str(uuid4()),
                "leaveTypeCode": "1",
                "personnelNumber": "0042",
                "startsOn": TODAY - timedelta(days=30),
                "endsOn": TODAY + timedelta(days=95),
                "firstWorkingDayOn": TODAY + timedelta(days=96),
            },
        )
        return {"leaveId": answer.leaveId, **receipt(answer.receipt)}

    def search(self) -> Any:
        return {"one": self._search(environ["EMPLOYEE_IIN"]), "none": self._search(environ["NOBODYS_IIN"])}

    def _search(self, iin: str) -> Any:
        answer = self.contracts.service.FindContracts(
            **common(), criteria={"employeeIin": iin, "status": "active"}, page={"number": 1, "size": 1}
        )
        return {
            "total": answer.total,
            "contracts": [
                {"iin": each.employee.iin, "status": each.status, "changedAt": each.changedAt.isoformat()}
                for each in answer.contract
            ],
        }

    def _told(self, client: zeep.Client, call: Callable[[], Any]) -> Any:
        """The fault of a call. zeep gives its detail as XML, and decodes it by the WSDL's type when asked."""
        try:
            return {"unexpected": str(call())}
        except Fault as fault:
            element = client.get_element("{urn:esutd-bus:common:v1}RegisterFault")
            detail = element.parse(fault.detail[0], client.wsdl.types)
            return {"faultcode": fault.code, **zeep.helpers.serialize_object(detail, dict)}

    def _contract(self, reference: dict[str, str]) -> Any:
        answer = self.contracts.service.GetContract(**common(), contractRef=reference)
        contract = answer.contract
        return {
            "contractId": contract.contractId,
            "number": contract.number,
            "concludedOn": contract.concludedOn,
            "surname": contract.employee.surname,
            "patronymic": contract.employee.patronymic,
            "endsOn": contract.term.endsOn,
            "establishedPost": contract.establishedPost,
            "tariffRate": contract.workingTime and contract.workingTime.tariffRate,
            "katoCode": contract.workPlace.katoCode,
            "liableForMilitaryService": contract.liableForMilitaryService,
            "status": answer.status,
            "history": [
                {"version": entry.version, "event": entry.event, "recordedBy": entry.recordedBy}
                for entry in answer.history.entry
            ],
        }

    def _person(self, iin: str) -> Any:
        answer = self.personal_file.service.GetPersonalFile(
            **common(), employee={"iin": iin}, purpose="Приём на работу: заполнение личного дела"
        )
        documents = answer.documents.document if answer.documents else []
        return {
            "iin": answer.person.iin,
            "surname": answer.person.surname,
            "birthDate": answer.person.birthDate,
            "sex": answer.person.sex.nameKk,
            "city": answer.address and answer.address.city,
            "documents": [{"number": each.number, "endDate": each.endDate} for each in documents],
        }


def receipt(answer: Any) -> dict[str, Any]:
    return {
        "code": answer.code,
        "dueOn": answer.deadline and answer.deadline.dueOn,
        "daysLate": answer.deadline and answer.deadline.daysLate,
        "warnings": [each.code for each in answer.warning],
    }


employer = Employer()
outcome = {step: getattr(employer, step)() for step in sys.argv[1:]}
sys.stdout.write(json.dumps(outcome, default=str, ensure_ascii=False))
