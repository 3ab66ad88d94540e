"""`esutd-bus work`: the jobs that no message waits for, alone or beside `serve`."""

from __future__ import annotations

import click

from esutd_bus.commands.database import database
from esutd_bus.commands.exits import EnvironmentFault
from esutd_bus.commands.given_settings import given_settings
from esutd_bus.logs import configure_logs
from esutd_bus.mapping.yaml_file import MappingError
from esutd_bus.own_keys import ConfigurationError
from esutd_bus.signature.keys import KeyFileError
from esutd_bus.signature.trust import TrustError


@click.command()
@click.option("--parent", type=int, hidden=True, help="The process to end with.")
def work(parent: int | None) -> None:
    """Run the jobs: revocation lists, OCSP, requests for labour activity, messages for the bus, the journal's archive,
    checks of registered contracts by the state registries.

    `esutd-bus serve` does this beside its workers unless ESUTD_WORK is false; this command is for other hosts. On any
    number of nodes: they take turns by locks in the database. SIGTERM or Ctrl-C ends it.
    """
    from esutd_bus.work import scheduler  # noqa: PLC0415  # `--help` of `serve` need not load it

    settings = given_settings()
    configure_logs(settings.log_level, settings.log_format)
    try:
        jobs = scheduler.jobs_of(settings)
    except (TrustError, ConfigurationError, KeyFileError, MappingError) as error:
        raise EnvironmentFault(str(error)) from error
    if not jobs:
        raise EnvironmentFault(
            "there is nothing to do: none of ESUTD_CRL_URLS, ESUTD_OCSP_URLS, ESUTD_KEY_FILE, ESUTD_BUS_ASYNC_URL,"
            " ESUTD_KEEP_…, ESUTD_EMPLOYER_CHECK, ESUTD_EMPLOYEE_CHECK is set"
        )
    with database(settings) as url:
        scheduler.work(jobs, url, parent)
