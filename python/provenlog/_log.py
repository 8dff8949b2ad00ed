"""The logger ``provenlog``. ``logging`` is imported with the first warning, because most programs never log one."""

from __future__ import annotations


def warning(message: str, *arguments: object, exc_info: bool = False) -> None:
    import logging

    logging.getLogger("provenlog").warning(message, *arguments, exc_info=exc_info)
