"""`esutd-bus load`: an employer's contracts from a table."""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from itertools import count
from pathlib import Path

import click
from cryptography.hazmat.primitives.serialization import Encoding
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table as Shown

from esutd_bus.commands.exits import DIFFERENCE, EnvironmentFault
from esutd_bus.commands.given_key import key_options, secret
from esutd_bus.commands.given_settings import given_settings
from esutd_bus.mapping.document import MappingError
from esutd_bus.node import load_mapped_contracts
from esutd_bus.personnel.campaign import REGISTERED, Campaign, CampaignError, Outcome
from esutd_bus.personnel.cells import Cells
from esutd_bus.personnel.columns import HeaderError
from esutd_bus.personnel.load import AT_MOST, Load, Operations, Sender, judged
from esutd_bus.personnel.register_door import NoAnswerError, RefusedError, RegisterDoor
from esutd_bus.personnel.sheet import SheetError, read_sheet, write_sheet
from esutd_bus.personnel.table import Table
from esutd_bus.register.calendar import Calendar, today
from esutd_bus.register.dictionary_files import read_packaged
from esutd_bus.register.identifiers import is_bin, is_iin
from esutd_bus.register.limits import Limits
from esutd_bus.register.rulebook import Rulebook
from esutd_bus.settings import Settings
from esutd_bus.signature.certificates import read_certificate
from esutd_bus.signature.key_places import Secret, key_place
from esutd_bus.signature.keys import KeyFileError, KeyUnavailableError, SigningKey
from esutd_bus.signature.reason import Refusal as NoHolder
from esutd_bus.soap.contract_error import ContractError

SERVICE_PATH = "/soap/contracts"
SHOWN = 50
"""So many remarks are shown; the result has all of them."""


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--endpoint", metavar="URL", help="The service's base address: https://esutd.example.kz.")
@key_options(required=False)
@click.option("--employer", metavar="NUMBER", help="The employer's BIN or IIN; by default the key's.")
@click.option("--headcount", type=click.IntRange(1), help="How many people the employer has.")
@click.option("--result", type=click.Path(dir_okay=False, path_type=Path), help="Where to; FILE.result.EXT.")
@click.option("--check", "check_only", is_flag=True, help="Only check; nothing is sent, no key is needed.")
@click.option("--partial", is_flag=True, help="Send the rows that are right although others are wrong.")
@click.option(
    "--batch", type=click.IntRange(1, AT_MOST), default=AT_MOST, show_default=True, help="Rows a message."
)
@click.option(
    "--template", type=click.Path(dir_okay=False, path_type=Path), help="Write an empty table (.xlsx)."
)
def load(
    *,
    file: Path | None,
    endpoint: str | None,
    key: str | None,
    password: str | None,
    password_file: Path | None,
    employer: str | None,
    headcount: int | None,
    result: Path | None,
    check_only: bool,
    partial: bool,
    batch: int,
    template: Path | None,
) -> None:
    """Register the contracts of FILE, a table in CSV or XLSX, one a row.

    All rows are checked first, and nothing is sent while one is wrong. Then they are signed and sent by up to 500. A
    load that was broken off goes on by the same command, and registers nothing twice. What became of each row stands in
    the result, a table like FILE; loaded itself, it sends what is not registered yet.

    \b
      esutd-bus load --template contracts.xlsx
      esutd-bus load contracts.xlsx --check --employer 990440000385
      esutd-bus load contracts.xlsx --key employer.p12 --endpoint https://esutd.example.kz

    Exit codes: 0 all are registered (or right), 1 some are not, 2 wrong usage, 3 the file, the key or the service is
    not as it must be.
    """
    settings = given_settings()
    if template is not None:
        _write_template(template, settings)
        return
    if file is None:
        raise click.UsageError("name the table: FILE, or --template to get an empty one")
    if not check_only and (key is None or endpoint is None):
        raise click.UsageError("--key and --endpoint are needed, unless it is --check")
    if employer is not None and not (is_bin(employer) or is_iin(employer)):
        raise click.BadParameter(f"{employer} is no BIN and no IIN", param_hint="--employer")
    signing_key = _key(key, password, password_file) if key is not None else None
    number = employer or (_holder(signing_key) if signing_key is not None else None)
    if number is None:
        raise click.UsageError("--check without --key needs --employer")
    target = result or file.with_suffix(f".result{file.suffix.lower()}")
    if target.suffix.lower() != file.suffix.lower() or target == file:
        raise click.BadParameter(f"the result is another {file.suffix} than FILE", param_hint="--result")
    try:
        desk = _Desk(file, target, Sender(number, headcount), settings)
        if check_only or signing_key is None or endpoint is None:
            raise SystemExit(desk.check())
        raise SystemExit(desk.send(signing_key, endpoint.rstrip("/"), partial=partial, at_most=batch))
    except (SheetError, HeaderError, CampaignError) as error:
        raise EnvironmentFault(f"{file}: {error}") from error
    except (ContractError, MappingError, OSError) as error:
        raise EnvironmentFault(str(error)) from error


class _Desk:
    """One table on the desk."""

    def __init__(self, file: Path, target: Path, sender: Sender, settings: Settings) -> None:
        self._target = target
        self._state = target.with_name(f"{target.name}.state")
        self._sender = sender
        self._settings = settings
        self._digest = hashlib.sha256(file.read_bytes()).hexdigest()
        self._rules = Rulebook(
            read_packaged(),
            Calendar(settings.moved_days),
            Limits(rules_in_force_on=settings.rules_in_force_on),
        )
        self._table = Table(read_sheet(file), Cells(self._rules.dictionaries), self._rules.fields)
        self._operations = Operations.of(load_mapped_contracts(settings)[1])
        if self._table.header.unknown:
            told = ", ".join(f"«{name}»" for name in self._table.header.unknown)
            click.echo(f"эти колонки программе не известны и не отправляются: {told}", err=True)

    def check(self) -> int:
        """The exit code."""
        external_ids = self._table.external_ids()
        wrong = self._judged(external_ids)
        self._show(wrong)
        click.echo(f"строк: {len(external_ids)}, с ошибками: {len(wrong)}")
        return DIFFERENCE if wrong else 0

    def send(self, key: SigningKey, endpoint: str, *, partial: bool, at_most: int) -> int:
        """The exit code. Raises EnvironmentFault, CampaignError."""
        campaign = self._begun(endpoint)
        is_new = campaign is None
        if campaign is None:
            external_ids = self._table.external_ids()
            wrong = self._judged(external_ids)
            campaign = Campaign(
                self._digest, endpoint, self._sender.employer, self._sender.headcount, external_ids, wrong, []
            )
            self._show(wrong)
            if wrong and not partial:
                self._write(campaign)
                click.echo(
                    f"ничего не отправлено: строк с ошибками {len(wrong)}; они отмечены в {self._target}"
                )
                return DIFFERENCE
        elif campaign.is_over:
            click.echo(
                "этот файл уже загружен; отказанные строки исправляют и загружают в результате", err=True
            )
        else:
            click.echo("загрузка продолжается с того места, где прервалась", err=True)
        load = Load(self._table, self._operations, campaign, self._state, self._settings.clock)
        if is_new:
            load.plan(at_most)
        try:
            self._sent(load, campaign, key)
        except RefusedError as error:
            told = "; ".join(f"{one.code}: {one.text}" for one in error.errors)
            click.echo(f"реестр отклонил пакет целиком: {told}", err=True)
            if error.by_sender and not campaign.is_begun:
                self._state.unlink()  # nothing is there, and nothing can come: it may begin anew, and otherwise
            return DIFFERENCE
        except NoAnswerError as error:
            raise EnvironmentFault(
                f"{error}. Повторите ту же команду: ничего не будет внесено дважды"
            ) from error
        finally:
            self._write(campaign)
        return self._told(campaign)

    def _begun(self, endpoint: str) -> Campaign | None:
        """This file's load, if it was begun before; of another one nothing may be left open."""
        kept = Campaign.load(self._state)
        if kept is None:
            return None
        same = (kept.source, kept.endpoint, kept.employer) == (self._digest, endpoint, self._sender.employer)
        if same:
            return kept
        if kept.is_over:
            self._set_aside()
            return None
        raise CampaignError(
            f"{self._state} — о загрузке, которая прервалась, а файл, адрес или работодатель теперь другие:"
            " закончите ту загрузку с прежними или назовите другой результат (--result)"
        )

    def _set_aside(self) -> None:
        """Keeps the result of an earlier load, which tells the contracts' numbers in the register."""
        if self._target.exists():
            names = (self._target.with_suffix(f".{number}{self._target.suffix}") for number in count(1))
            aside = next(name for name in names if not name.exists())
            self._target.rename(aside)
            click.echo(f"прежний результат теперь {aside}", err=True)
        self._state.unlink()

    def _judged(self, external_ids: dict[int, str]) -> dict[int, Outcome]:
        rows = self._table.rows(external_ids)
        return judged(self._table, rows, self._operations, self._sender, self._settings.clock(), self._rules)

    def _sent(self, load: Load, campaign: Campaign, key: SigningKey) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True)) as progress:
            task = progress.add_task("договоры", total=sum(len(batch.rows) for batch in campaign.batches))
            door = RegisterDoor(f"{campaign.endpoint}{SERVICE_PATH}", key, progress.console.print)
            load.send(door, lambda rows: progress.update(task, advance=rows))

    def _write(self, campaign: Campaign) -> None:
        write_sheet(self._table.result(campaign.outcomes(), campaign.external_ids), self._target)

    def _told(self, campaign: Campaign) -> int:
        counted = Counter(outcome.status for outcome in campaign.outcomes().values())
        for status, rows in counted.items():
            click.echo(f"{status}: {rows}")
        click.echo(f"результат: {self._target}")
        return 0 if counted[REGISTERED] == len(campaign.external_ids) else DIFFERENCE

    def _show(self, wrong: dict[int, Outcome]) -> None:
        remarks = [(number, remark) for number, outcome in wrong.items() for remark in outcome.remarks]
        if not remarks:
            return
        shown = Shown("строка", "колонка", "код", "что не так")
        for number, remark in remarks[:SHOWN]:
            shown.add_row(str(number), remark.column, remark.code, remark.text)
        Console().print(shown)
        if len(remarks) > SHOWN:
            click.echo(f"… и ещё {len(remarks) - SHOWN}")


def _key(key: str, password: str | None, password_file: Path | None) -> SigningKey:
    """The key; its password is asked for where nothing tells it and somebody is there to be asked."""
    try:
        given = secret(password, password_file)
        if given == Secret() and sys.stdin.isatty():
            given = Secret(click.prompt(f"Пароль к {key}", hide_input=True))
        return key_place(key, given).load()
    except (KeyFileError, KeyUnavailableError) as error:
        raise EnvironmentFault(str(error)) from error


def _holder(key: SigningKey) -> str:
    """The BIN or IIN of whom a key speaks for."""
    try:
        return read_certificate(key.certificate.public_bytes(Encoding.DER)).require_holder().employer_id
    except NoHolder as error:
        raise EnvironmentFault(f"the certificate names no BIN and no IIN: {error}") from error


def _write_template(file: Path, settings: Settings) -> None:
    from esutd_bus.personnel.template import write_template  # noqa: PLC0415  # a workbook, which CSV does not need

    if file.suffix.lower() != ".xlsx":
        raise click.BadParameter("a workbook's name ends in .xlsx", param_hint="--template")
    try:
        write_template(file, read_packaged(), today(settings.clock()))
    except OSError as error:
        raise EnvironmentFault(f"{file}: {error.strerror}") from error
    click.echo(f"шаблон: {file}")
