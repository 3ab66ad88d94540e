from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import date

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from esutd_bus.logs import configure_logs, mask, mask_identifiers, trace

IIN = "850101300123"


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    config = structlog.get_config()
    processors = config["processors"][:]
    yield
    # The very list: loggers of other modules that were in use before keep it, and others' tests look into it.
    config["processors"][:] = processors
    structlog.configure(**config)
    logging.captureWarnings(capture=False)
    root.handlers[:], root.level = handlers, level


def raised(error: Exception, body: str = "") -> Exception:
    """The error, with a traceback."""
    try:
        raise error
    except type(error):
        assert body is not None
        return error


def test_masks_the_middle_of_twelve_digits() -> None:
    assert mask(f"ИИН {IIN}, БИН 990440000385.") == "ИИН 85********23, БИН 99********85."
    assert mask(f"x{IIN}y") == "x85********23y"


@pytest.mark.parametrize(
    "text", ["", "12345678901", "1234567890123", "20261122113000", "01890a5d-ac96-774b-bcce-123456789012"]
)
def test_leaves_the_rest(text: str) -> None:
    assert mask(text) == text


@given(st.text(), st.from_regex(r"[0-9]{12}", fullmatch=True), st.text())
def test_no_identifier_stands_alone_in_a_masked_text(before: str, identifier: str, after: str) -> None:
    text = f"{before} {identifier} {after}"
    assert f" {identifier} " not in mask(text)
    assert len(mask(text)) == len(text)


def test_masks_every_string_of_an_event_however_deep() -> None:
    event = {
        "event": IIN,
        "nested": {"key": [IIN, (IIN, {IIN})], IIN: 1},
        "bytes": IIN.encode(),
        "object": ValueError(IIN),
        "number": 850101300123,
        "day": date(1885, 1, 1),
        "none": None,
    }
    masked = mask_identifiers(None, "info", event)
    assert IIN not in repr({name: value for name, value in masked.items() if name != "number"})
    assert masked["number"] == 850101300123
    assert masked["nested"]["key"][0] == "85********23"


def test_one_json_line_an_event_from_either_side(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO", "json")
    structlog.get_logger("ours").info("запись", iin=IIN)
    logging.getLogger("theirs").warning("about %s", IIN)
    logging.getLogger("theirs").error("broke", exc_info=raised(ValueError(IIN)))
    logging.getLogger("theirs").debug("unheard")
    structlog.get_logger("ours").debug("unheard")
    lines = capsys.readouterr().err.splitlines()
    ours, theirs, broke = [json.loads(line) for line in lines]
    assert (ours["event"], ours["iin"], ours["level"]) == ("запись", "85********23", "info")
    assert (theirs["event"], theirs["logger"]) == ("about 85********23", "theirs")
    assert "ValueError: 85********23" in broke["exception"]
    assert not any(IIN in line for line in lines)


def test_a_logger_used_before_follows_a_new_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    logger = structlog.get_logger("module")
    configure_logs("INFO", "console")
    logger.info("bound")
    configure_logs("INFO", "json")
    capsys.readouterr()
    logger.info("bound")
    assert json.loads(capsys.readouterr().err)["event"] == "bound"
    with structlog.testing.capture_logs() as logs:
        logger.info("bound")
    assert [log["event"] for log in logs] == ["bound"]


def test_console_shows_no_local_variables(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("INFO", "console")
    structlog.get_logger("ours").error(
        "broke", exc_info=raised(ValueError("short"), body="the whole message")
    )
    printed = capsys.readouterr().err
    assert "ValueError: short" in printed
    assert "the whole message" not in printed


def test_talkative_libraries_are_silent_below_warning() -> None:
    configure_logs("DEBUG", "json")
    assert not logging.getLogger("spyne.protocol.xml").isEnabledFor(logging.INFO)
    assert not logging.getLogger("zeep.transports").isEnabledFor(logging.DEBUG)


@pytest.mark.parametrize(("level", "log_format"), [("LOUD", "json"), ("INFO", "xml")])
def test_what_cannot_be_configured_is_said(level: str, log_format: str) -> None:
    with pytest.raises(ValueError, match=r"no log level|neither json nor console"):
        configure_logs(level, log_format)


def test_trace_tells_where_and_which_types_but_no_text() -> None:
    error = raised(RuntimeError(f"Иванов {IIN}"))
    error.__cause__ = raised(KeyError("Иванов"))
    told = trace(error)
    assert "builtins.KeyError" in told
    assert told.endswith("builtins.RuntimeError")
    assert "test_logs.py" in told
    assert "Иванов" not in told
