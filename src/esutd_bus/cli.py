"""`esutd-bus`: the command line. Each command is a file of `esutd_bus.commands`."""

from __future__ import annotations

import importlib

import click

from esutd_bus import __version__

_COMMANDS = {
    "demo": ("esutd_bus.commands.demo", "Show the whole way of a message, on this machine."),
    "serve": ("esutd_bus.commands.serve", "Serve the register's SOAP services."),
    "work": ("esutd_bus.commands.work", "Run the jobs that no message waits for."),
    "replay": (
        "esutd_bus.commands.replay:replay_command",
        "Send fixtures and compare what comes back.",
    ),
    "simulate": (
        "esutd_bus.commands.simulate",
        "The bus and the registries behind it, with scripted faults.",
    ),
    "sign": ("esutd_bus.commands.sign", "Sign a SOAP envelope or another XML document."),
    "verify": ("esutd_bus.commands.verify", "Verify the signatures of a file, and tell each check."),
    "load": ("esutd_bus.commands.load", "Register an employer's contracts from a table, CSV or XLSX."),
    "journal": ("esutd_bus.commands.journal", "The journal: the exact bytes of every message."),
    "explain": ("esutd_bus.commands.explain", "Tell a contract's timeline, or the way of a message."),
    "partners": ("esutd_bus.commands.partners", "Partners: portals, state systems, delegations."),
    "subscriptions": ("esutd_bus.commands.subscriptions", "Who is told by the bus of which entries."),
    "outbox": ("esutd_bus.commands.outbox", "What is to be sent by the bus, and why it waits."),
    "revocation": ("esutd_bus.commands.revocation", "Revocation lists and OCSP answers: how fresh they are."),
    "dictionaries": ("esutd_bus.commands.dictionaries", "The register's dictionaries (справочники)."),
    "db": ("esutd_bus.commands.database", "The database: tables and migrations."),
}
"""Name → where it is (in the module by its own name, unless another is told), and what the list says of it."""


class LazyGroup(click.Group):
    """Imports a command when it is called for: the list of them need not load a database driver."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order a newcomer meets them."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name or cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, from the table alone."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, told) for name, (_, told) in _COMMANDS.items()])


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(__version__, prog_name="esutd-bus")
def main() -> None:
    """The SOAP adapter of Kazakhstan's register of employment contracts (ЕСУТД).

    \b
      esutd-bus demo                       see it work: database, service, registry, fixtures
      esutd-bus serve --test-ca var/ca     keep it running, believing a test CA
      esutd-bus simulate                   the bus and the registries behind it, for testers
      esutd-bus replay fixtures --endpoint http://127.0.0.1:8080 --ca var/ca
      esutd-bus journal show               what came, and what it was answered
      esutd-bus explain ID                 a contract's timeline, or why a message was refused

    Settings are ESUTD_… variables (docs/operators.ru.md). Exit codes: 0 done; 1 a difference, an invalid signature
    or a broken journal; 2 wrong usage; 3 the environment is not as it must be.
    """


if __name__ == "__main__":
    main()
