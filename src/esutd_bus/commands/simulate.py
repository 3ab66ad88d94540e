"""`esutd-bus simulate`: the state's bus and registries for testers, on this machine, with scripted faults."""

from __future__ import annotations

import shlex
import signal
import threading
from pathlib import Path

import click

from esutd_bus.commands.exits import EnvironmentFault
from esutd_bus.settings import packaged
from esutd_bus.testbed.fault_script import FaultScript, FaultScriptError, read_fault_script
from esutd_bus.testbed.registry_settings import registry_settings
from esutd_bus.testbed.simulated_bus import SimulatedBus
from esutd_bus.testbed.test_ca import TestCa

_LOOK_SECONDS = 0.5


class _Script(click.Path):
    """A file with a fault script; one that is wrong ends the command with exit code 2, naming the line."""

    name = "file"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> FaultScript:  # type: ignore[override]  # click lets a type give anything
        """The script."""
        if isinstance(value, FaultScript):
            return value
        path = Path(str(super().convert(str(value), param, ctx)))
        try:
            return read_fault_script(path.read_text(encoding="utf-8"), str(path))
        except FaultScriptError as error:
            self.fail(str(error), param, ctx)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8090,
    show_default=True,
    help="Of both channels; 0: a free one.",
)
@click.option(
    "--page-port",
    type=click.IntRange(0, 65535),
    default=8091,
    show_default=True,
    help="Of the page for testers; 0: a free one.",
)
@click.option(
    "--faults", type=_Script(exists=True, dir_okay=False), help="A script of what goes wrong (YAML)."
)
@click.option(
    "--ca",
    "ca_dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/ca"),
    show_default=True,
    help="The test CA whose identity `bus` signs; made if absent.",
)
@click.option(
    "--deliver-to",
    metavar="URL",
    help="Send to this client: http://127.0.0.1:8080/shep/async. Otherwise it asks.",
)
def simulate(
    *, host: str, port: int, page_port: int, faults: FaultScript | None, ca_dir: Path, deliver_to: str | None
) -> None:
    """Simulate the state's bus, and the registries behind it, with invented people and organisations.

    Prints the settings by which a service uses it, as a shell reads them, and the address of a page that lists what
    the bus has received and takes another fault script while it runs. Ctrl-C or SIGTERM ends it.

    \b
      esutd-bus simulate --ca var/ca > var/bus.env &
      set -a; . var/bus.env; set +a
      esutd-bus serve --test-ca var/ca

    Exit codes: 0 ended; 2 wrong usage, or a script that cannot be understood; 3 the port is taken.
    """
    ca = TestCa.ensure(ca_dir)
    try:
        bus = SimulatedBus(
            packaged("."),
            faults=faults,
            key=ca.identity("bus"),
            host=host,
            port=port,
            page_port=page_port,
            deliver_to=deliver_to,
        )
    except OSError as error:
        raise EnvironmentFault(f"cannot listen on {host}: {error.strerror}") from error
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with bus:
        settings = {
            **registry_settings(ca, bus.sync_url),
            "ESUTD_BUS_ASYNC_URL": bus.async_url,
            "ESUTD_TRUST_DIR": str(ca.trust_dir),
            "ESUTD_REGISTRY_CACHE_SECONDS": "0",  # what goes wrong upstream is to be met, not remembered away
        }
        for name, value in settings.items():
            click.echo(f"{name}={shlex.quote(value)}")
        click.echo(f"page for testers: {bus.page_url}", err=True)
        while not ended.wait(_LOOK_SECONDS):
            pass
