"""`gatehouse enroll`: makes this machine a door."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from access.wire.enrolment import read_enrolment_text
from edge_agent.enrolment import enroll as enroll_door
from edge_agent.errors import CentreRefused, CentreUnreachable, EdgeError
from gatehouse.commands.agent import agent_settings
from gatehouse.commands.failing import fail

__all__ = ["enroll"]

_REFUSED = "A code works once, for ten minutes: make another one in the back office, under Devices."


def enroll(
    config: Annotated[Path, typer.Option(help="The door's settings (TOML), with data_dir and centre_url.")],
    code: Annotated[
        str | None,
        typer.Argument(
            help="The one-time code from Devices in the back office, such as K7XM-2P9Q, or the text of its QR code."
        ),
    ] = None,
    image: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Instead of the code: a picture of its QR code.")
    ] = None,
    camera: Annotated[
        str | None,
        typer.Option(metavar="SOURCE", help="Instead of the code: a camera to hold it before: a number or a URL."),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Give up the identity this door already has.")] = False,
) -> None:
    """Make this machine a door: exchange a one-time code for an identity of its own."""
    if sum(given is not None for given in (code, image, camera)) != 1:
        fail(
            "Say which code: as Devices in the back office shows it, or --image PATH, or --camera SOURCE.",
            hint=f"For example: gatehouse enroll K7XM-2P9Q --config {config}",
        )
    settings = agent_settings(config)
    typed, centre = read_enrolment_text(_text(code, image, camera))
    if centre is not None and centre.rstrip("/") != settings.centre_url:
        # Both may be right: what browsers type need not be what this network's doors do.
        print(f"The QR code is of {centre}; this door asks {settings.centre_url}, the centre_url of {config}.")
    try:
        identity = enroll_door(settings, typed, replace=replace)
    except CentreRefused as error:
        fail(f"The centre did not take the code: {error}.", hint=_REFUSED)
    except CentreUnreachable as error:
        fail(f"{error}.", hint=f"Is the centre running, and is centre_url of {config} right?")
    except EdgeError as error:
        fail(f"{error}.")
    print(f"Enrolled as {identity.device} at site {identity.site}, for {', '.join(identity.access_points)}.")
    print(f"Fingerprint: {identity.fingerprint} (Devices in the back office shows the same one)")
    print(f"Start it: gatehouse agent --config {config}")


def _text(code: str | None, image: Path | None, camera: str | None) -> str:
    if code is not None:
        return code
    from gatehouse.commands.enrolment_pictures import text_before_camera, text_in_picture

    return text_in_picture(image) if image is not None else text_before_camera(camera or "")
