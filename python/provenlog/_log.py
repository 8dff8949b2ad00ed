"""The logger ``provenlog``. ``logging`` is loaded when there is something to say: most programs never need it here."""

from __future__ import annotations


def warning(message: str, *arguments: object, exc_info: bool = False) -> None:
    import logging

    logging.getLogger("provenlog").warning(message, *arguments, exc_info=exc_info)
