"""Logs as structlog writes them: one event a line, with the request's id, as JSON or for a reader's eye."""

import traceback
from typing import Any

import structlog
from structlog.typing import ExcInfo, Processor


def logging_settings(*, as_json: bool, level: str) -> dict[str, Any]:
    """Returns LOGGING and configures structlog to feed it. `as_json` is for machines; a terminal gets plain lines."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,  # request_id, bound by portal.middleware.RequestIdMiddleware
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    )
    last: list[Processor] = [structlog.processors.ExceptionRenderer(stack_without_values), renderer]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "events": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [*shared, structlog.stdlib.ExtraAdder()],
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
            },
        },
        "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "events"}},
        "root": {"handlers": ["out"], "level": level},
        "loggers": {
            "django": {"level": level, "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
        },
    }


def stack_without_values(exc_info: ExcInfo) -> str:
    """The stack of an error as text, without what was in it.

    Local variables hold people's names and are left out; so is all but the first line of a message, since a database
    names the row it refuses from the second line on.
    """
    error: BaseException | None = exc_info[1]
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    parts = []
    for one in reversed(chain):
        first = (str(one).splitlines() or [""])[0]
        parts.append("".join(traceback.format_tb(one.__traceback__)) + f"{type(one).__qualname__}: {first}")
    return "\nwhich led to\n".join(parts)
