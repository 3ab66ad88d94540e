"""`esutd-bus`: the command line. Each command is a file of `esutd_bus.commands`."""

from __future__ import annotations

import importlib

import click

from esutd_bus import __version__

_COMMANDS = {
    "demo": ("esutd_bus.commands.demo", "demo"),
    "serve": ("esutd_bus.commands.serve", "serve"),
    "work": ("esutd_bus.commands.work", "work"),
    "replay": ("esutd_bus.testbed.replay_command", "replay_command"),
    "sign": ("esutd_bus.commands.signatures", "sign"),
    "verify": ("esutd_bus.commands.signatures", "verify"),
    "journal": ("esutd_bus.commands.journal", "journal"),
    "explain": ("esutd_bus.commands.explain", "explain"),
    "partners": ("esutd_bus.commands.partners", "partners"),
    "revocation": ("esutd_bus.commands.revocation", "revocation"),
    "dictionaries": ("esutd_bus.commands.dictionaries", "dictionaries"),
    "db": ("esutd_bus.commands.database", "db"),
}


class LazyGroup(click.Group):
    """Imports a command when it is called for: `--help` need not load a database driver."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order a newcomer meets them."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(__version__, prog_name="esutd-bus")
def main() -> None:
    """The SOAP adapter of Kazakhstan's register of employment contracts (ЕСУТД).

    \b
      esutd-bus demo                       see it work: database, service, registry, fixtures
      esutd-bus serve --test-ca var/ca     keep it running, believing a test CA
      esutd-bus replay fixtures --endpoint http://127.0.0.1:8080 --ca var/ca
      esutd-bus journal show               what came, and what it was answered
      esutd-bus explain ID                 a contract's timeline, or why a message was refused

    Settings are ESUTD_… variables (docs/operators.ru.md). Exit codes: 0 done; 1 a difference, an invalid signature
    or a broken journal; 2 wrong usage; 3 the environment is not as it must be.
    """


if __name__ == "__main__":
    main()
