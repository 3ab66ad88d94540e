"""`esutd-bus sign`: signatures at the command line."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, get_args

import click

from esutd_bus.commands.exits import EnvironmentFault
from esutd_bus.commands.given_key import key_options, secret
from esutd_bus.signature.key_places import key_place
from esutd_bus.signature.keys import KeyFileError, KeyUnavailableError
from esutd_bus.signature.layout import NotSignableError
from esutd_bus.signature.signing import KEY_INFO_FORMS, KeyInfoForm
from esutd_bus.signature.signing import sign as sign_by


@click.command()
@click.argument("document", type=click.File("rb"))
@key_options()
@click.option(
    "--profile",
    type=click.Choice(list(KEY_INFO_FORMS)),
    default="wsse",
    show_default=True,
    help="wsse: wsse:Security over the Body; header: ds:Signature in the Header; document: inside the payload.",
)
@click.option(
    "--key-info",
    type=click.Choice(get_args(KeyInfoForm)),
    help="How the certificate travels; by default KeyIdentifier (wsse) or X509Data.",
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path), default="-")
def sign(
    document: BinaryIO,
    key: str,
    password: str | None,
    password_file: Path | None,
    profile: str,
    key_info: KeyInfoForm | None,
    output: Path,
) -> None:
    """Sign DOCUMENT (a file, or - for standard input): a SOAP envelope, by the profile document any XML.

    Adds a signature; everything else stays byte for byte as it is. A document that is signed already gets a
    co-signature, and may be signed by wsse around it afterwards.

    \b
      esutd-bus sign request.xml --key employer.p12 -o signed.xml
      esutd-bus sign request.xml --key employer.p12 --profile document -o signed.xml
    """
    try:
        signing_key = key_place(key, secret(password, password_file)).load()
        signed = sign_by(document.read(), signing_key, profile, key_info)
        with click.open_file(str(output), "wb") as target:
            target.write(signed)
    except (KeyFileError, KeyUnavailableError, NotSignableError, OSError) as error:
        raise EnvironmentFault(str(error)) from error
