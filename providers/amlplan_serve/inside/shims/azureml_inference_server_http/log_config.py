"""What a `logging.json` beside a scoring script names: a formatter and a filter."""

import logging
import time


class AMLLogFormatter(logging.Formatter):
    """Writes times in UTC."""

    converter = staticmethod(time.gmtime)

    def __init__(
        self,
        fmt: str = "%(asctime)s %(levelname).1s [%(process)d] %(name)s - %(message)s",
        datefmt: "str | None" = None,
        style: str = "%",
    ) -> None:
        super().__init__(fmt, datefmt, style)  # type: ignore[arg-type]


class RootAccessFilter(logging.Filter):
    """Leaves out what tells of probes."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is kept."""
        return "GET / HTTP/1.1" not in record.getMessage()
