"""The service as a straightforward programmer would write it: spyne, signxml, psycopg, gunicorn.

It does the minimal job: verifies the RSA signature, decodes the message by spyne's own types, writes one row, commits,
answers. No schema beyond spyne's, no rules, no history, no journal, and no second look at a request that comes again.

What can be kept from one message to the next is kept: the connection, signxml's verifier, the trusted certificate.

    gunicorn benchmarks.peers.straightforward:application     PEER_DATABASE_URL, PEER_CERTIFICATE (a PEM file)
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import psycopg
from cryptography import x509
from spyne import Application, Boolean, ComplexModel, Date, DateTime, Decimal, ServiceBase, Unicode, rpc
from spyne.error import Fault
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication

from benchmarks.verifiers import Signxml

CONTRACTS = "urn:esutd-bus:contracts:v1"
COMMON = "urn:esutd-bus:common:v1"


class RequestHeader(ComplexModel):  # type: ignore[misc]  # spyne is untyped
    """As in the contract."""

    __namespace__ = COMMON
    requestId = Unicode  # noqa: N815  # the contract's names, here and below
    sentAt = DateTime  # noqa: N815
    system = Unicode


class Employer(ComplexModel):  # type: ignore[misc]
    """As in the contract."""

    __namespace__ = COMMON
    bin = Unicode
    iin = Unicode


class Employee(ComplexModel):  # type: ignore[misc]
    """As in the contract."""

    __namespace__ = CONTRACTS
    iin = Unicode
    surname = Unicode
    name = Unicode
    patronymic = Unicode


class Term(ComplexModel):  # type: ignore[misc]
    """As in the contract."""

    __namespace__ = CONTRACTS
    termCode = Unicode  # noqa: N815
    endsOn = Date  # noqa: N815


class WorkingTime(ComplexModel):  # type: ignore[misc]
    """As in the contract."""

    __namespace__ = CONTRACTS
    workingHoursCode = Unicode  # noqa: N815
    tariffRate = Decimal  # noqa: N815
    restNote = Unicode  # noqa: N815


class WorkPlace(ComplexModel):  # type: ignore[misc]
    """As in the contract."""

    __namespace__ = CONTRACTS
    countryCode = Unicode  # noqa: N815
    katoCode = Unicode  # noqa: N815
    address = Unicode


class Contract(ComplexModel):  # type: ignore[misc]
    """As in the contract."""

    __namespace__ = CONTRACTS
    externalId = Unicode  # noqa: N815
    number = Unicode
    concludedOn = Date  # noqa: N815
    employee = Employee
    startsOn = Date  # noqa: N815
    term = Term
    positionCode = Unicode  # noqa: N815
    establishedPost = Unicode  # noqa: N815
    employmentTypeCode = Unicode  # noqa: N815
    workingTime = WorkingTime  # noqa: N815
    remoteWorkCode = Unicode  # noqa: N815
    workPlace = WorkPlace  # noqa: N815
    liableForMilitaryService = Boolean  # noqa: N815


class _Database(threading.local):
    """A connection a thread, kept."""

    connection: psycopg.Connection[Any] | None = None

    def get(self) -> psycopg.Connection[Any]:
        if self.connection is None:
            self.connection = psycopg.connect(os.environ["PEER_DATABASE_URL"])
        return self.connection


_database = _Database()
_verify = Signxml(x509.load_pem_x509_certificate(Path(os.environ["PEER_CERTIFICATE"]).read_bytes()))


class VerifyingSoap11(Soap11):  # type: ignore[misc]  # spyne is untyped
    """SOAP whose messages are verified before they are decoded."""

    def create_in_document(self, ctx: Any, charset: str | None = None) -> None:
        """Verifies, then parses."""
        ctx.in_string = [b"".join(ctx.in_string)]
        try:
            _verify(ctx.in_string[0])
        except Exception as error:
            raise Fault("Client.Signature", "the signature does not hold") from error
        super().create_in_document(ctx, charset)


class ContractService(ServiceBase):  # type: ignore[misc]  # spyne is untyped
    """One operation."""

    @rpc(RequestHeader, Employer, Contract, _returns=Unicode, _out_variable_name="contractId")  # type: ignore[untyped-decorator]
    def RegisterContract(ctx: Any, requestHeader: Any, employer: Any, contract: Any) -> str:  # noqa: N802, N803, N805
        """Writes one row."""
        connection = _database.get()
        row = connection.execute(
            "INSERT INTO contract (request_id, employer, external_id, number, concluded_on, employee_iin, starts_on,"
            " term_code, ends_on, position_code, established_post, employment_type, working_hours, tariff_rate,"
            " rest_note, remote_work, country, kato, address, military)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
            (
                requestHeader.requestId, employer.bin or employer.iin, contract.externalId, contract.number,
                contract.concludedOn, contract.employee.iin, contract.startsOn, contract.term.termCode,
                contract.term.endsOn, contract.positionCode, contract.establishedPost, contract.employmentTypeCode,
                contract.workingTime.workingHoursCode, contract.workingTime.tariffRate,
                contract.workingTime.restNote, contract.remoteWorkCode, contract.workPlace.countryCode,
                contract.workPlace.katoCode, contract.workPlace.address, contract.liableForMilitaryService,
            ),
        ).fetchone()  # fmt: skip
        connection.commit()
        return str(row[0] if row else None)


application = WsgiApplication(
    Application([ContractService], CONTRACTS, in_protocol=VerifyingSoap11(), out_protocol=Soap11())
)
