"""`esutd-bus replay`: fixtures, or recorded messages, against a running service."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from esutd_bus.commands.replay_journal import replay_journal
from esutd_bus.soap.contract_error import ContractError
from esutd_bus.testbed.fixtures import Fixture, FixtureError
from esutd_bus.testbed.recording import record
from esutd_bus.testbed.replay import EndpointUnreachable, Exchange, Result, Stage, chosen_fixtures, send_all
from esutd_bus.testbed.replay_report import table, write_junit
from esutd_bus.testbed.stage import open_stage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from esutd_bus.testbed.expectation import ChannelName

DIFFERENCES = 1
ENVIRONMENT = 3


class _EnvironmentFault(click.ClickException):
    exit_code = ENVIRONMENT


class _Instant(click.ParamType[datetime]):
    name = "instant"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        try:
            instant = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not ISO 8601 (2026-01-12T09:30:00+05:00)", param, ctx)
        if instant.tzinfo is None:
            self.fail(f"{value!r} has no time zone (2026-01-12T09:30:00+05:00)", param, ctx)
        return instant


@click.command("replay")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--endpoint", required=True, metavar="URL", help="The service's base address: http://127.0.0.1:8080."
)
@click.option(
    "--ca",
    "ca_dir",
    type=click.Path(path_type=Path),
    help="The directory of the test CA whose authorities the service trusts.",
)
@click.option(
    "--from-journal",
    "recorded",
    metavar="FILTER",
    help="In place of fixtures: recorded messages, chosen by NAME=VALUE,…, or those of a bundle (its file).",
)
@click.option("--only", multiple=True, metavar="NAME", help="Only this fixture, and what goes before it.")
@click.option(
    "--channel",
    type=click.Choice(["direct", "sync"]),
    default="direct",
    show_default=True,
    help="How fixtures go that do not say it themselves: to the service, or inside the bus's SendMessage.",
)
@click.option(
    "--bus",
    metavar="URL",
    help="The page of the simulated bus, for fixtures with `upstream`: http://127.0.0.1:8091.",
)
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write JUnit XML here.")
@click.option("--record", "recording", is_flag=True, help="Write the answers into expect.yaml.")
@click.option(
    "--now", type=_Instant(), help="What the fixtures take for the present; the service's ESUTD_NOW."
)
def replay_command(
    *,
    paths: tuple[Path, ...],
    endpoint: str,
    ca_dir: Path | None,
    recorded: str | None,
    only: tuple[str, ...],
    channel: ChannelName,
    bus: str | None,
    junit: Path | None,
    recording: bool,
    now: datetime | None,
) -> None:
    """Send fixtures to a service and compare what comes back.

    PATHS are folders of fixtures (with `ok` and `faults`), one of these two, or single fixtures. Each fixture
    is filled in (new ids, dates relative to today) and signed with a key of the test CA, so the same fixtures
    pass again and again, on a used database too. What goes before a fixture is sent first.

    \b
      esutd-bus replay fixtures --endpoint http://127.0.0.1:8080 --ca var/ca
      esutd-bus replay fixtures/faults --endpoint … --ca … --junit replay.xml
      esutd-bus replay fixtures --endpoint … --ca … --only terminate-late
      esutd-bus replay fixtures --endpoint … --ca … --channel sync

    With --from-journal: messages of the journal (ESUTD_DATABASE_URL, ESUTD_DATA_DIR) or of a bundle go out once more
    as they are, and the answers are compared with the recorded ones. They are signed and dated: an endpoint with a
    copy of the database owes the stored answers byte for byte; an empty one the same answers but for the ids and
    moments that it gives itself (start it with ESUTD_BELIEVE_SENT_AT; what refers to a contract by contractId is not
    found there). Never send them to a service in use that does not know them: it would register them.

    \b
      esutd-bus replay --from-journal operation=RegisterContract,since=2026-11-01,limit=50 --endpoint …
      esutd-bus replay --from-journal bundle.zip --endpoint …
    FILTER's names: message, contract, sender, request-id, operation, code, since, until, limit.

    Exit codes: 0 all as expected, 1 a difference, 2 wrong usage or a broken fixture, 3 no service at the
    endpoint or no test CA.
    """
    if recorded is not None:
        if paths or ca_dir or only or junit or recording or now:
            raise click.UsageError("--from-journal goes with --endpoint alone")
        if not replay_journal(recorded, endpoint):
            raise SystemExit(DIFFERENCES)
        return
    if not paths or ca_dir is None:
        raise click.UsageError("name fixtures and --ca, or --from-journal")
    try:
        fixtures, order = chosen_fixtures(paths, only)
        stage = open_stage(endpoint, ca_dir, now=now, channel=channel, bus_page=bus)
    except FixtureError as error:
        raise click.UsageError(str(error)) from error
    except (OSError, ContractError) as error:
        raise _EnvironmentFault(str(error)) from error
    exchanges = _sent(fixtures, order, stage)
    results = [exchange.result for exchange in exchanges]
    console = Console()
    console.print(table(results))
    if junit is not None:
        write_junit(results, junit)
    if recording:
        rewritten = [exchange.result.fixture.label for exchange in exchanges if record(exchange)]
        console.print(f"recorded: {', '.join(rewritten) or 'nothing differed'}")
    elif not all(result.as_expected for result in results):
        raise SystemExit(DIFFERENCES)


def _sent(fixtures: Mapping[str, Fixture], order: Sequence[Fixture], stage: Stage) -> list[Exchange]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("replay", total=len(order))

        def told(result: Result) -> None:
            progress.update(task, advance=1, description=result.fixture.label)

        try:
            return send_all(fixtures, order, stage, told)
        except EndpointUnreachable as error:
            raise _EnvironmentFault(f"no service answers at {stage.endpoint}: {error}") from error
