"""Text files of a user: read whole, replaced whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from tickets import Fault, InputFaults


def read_text(path: str) -> str:
    """Return the text of a UTF-8 file; `InputFaults` when it cannot be read."""
    try:
        return Path(path).read_text("utf-8-sig")
    except FileNotFoundError:
        raise InputFaults(Fault(path, "does not exist", "check the path")) from None
    except UnicodeDecodeError:
        raise InputFaults(Fault(path, "is not UTF-8 text", "save it as UTF-8")) from None
    except OSError as error:
        remedy = "name a file that can be read"
        raise InputFaults(Fault(path, f"cannot be read: {error.strerror}", remedy)) from None


def replace_text(path: Path, text: str) -> None:
    """Write a text beside a file and rename it: what stands there is the old one or the new one."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        shutil.copymode(path, temporary)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
