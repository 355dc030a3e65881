"""Files in a run's own folder: CSV, JSON and text. No step reaches outside."""

from __future__ import annotations

import csv
import io
import json
import os
import pathlib
from typing import Any, Dict, List, Sequence

from .errors import WorkflowError

LARGEST = 16 << 20
Record = Dict[str, Any]


class RunFolder:
    """The folder of one run. `shared`: a folder whose files may be read by the same names, not written."""

    def __init__(self, path: "os.PathLike[str]", shared: "os.PathLike[str]") -> None:
        self.path = pathlib.Path(path).resolve()
        self.shared = pathlib.Path(shared).resolve()
        self.path.mkdir(parents=True, exist_ok=True)

    @staticmethod
    def _inside(folder: pathlib.Path, name: str) -> pathlib.Path:
        path = folder / name
        if os.path.isabs(name) or ".." in path.parts[len(folder.parts) :]:
            raise WorkflowError(name, "files are named relative to the run's folder, and lie inside it")
        return path

    def read(self, name: str) -> bytes:
        for folder in (self.path, self.shared):
            path = self._inside(folder, name)
            if path.is_file():
                if path.stat().st_size > LARGEST:
                    raise WorkflowError(name, f"is larger than {LARGEST >> 20} MiB")
                return path.read_bytes()
        raise WorkflowError(name, "there is no such file")

    def write(self, name: str, content: bytes) -> int:
        """Whole or not at all; returns the bytes written."""
        path = self._inside(self.path, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        part.write_bytes(content)
        os.replace(part, path)
        return len(content)

    def read_csv(self, name: str) -> List[Record]:
        return list(csv.DictReader(io.StringIO(self.read(name).decode("utf-8"), newline="")))

    def write_csv(self, name: str, records: Sequence[Record]) -> int:
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, fieldnames=list(records[0]) if records else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)
        return self.write(name, out.getvalue().encode("utf-8"))

    def read_json(self, name: str) -> Any:
        try:
            return json.loads(self.read(name))
        except ValueError as error:
            raise WorkflowError(name, f"no JSON: {error}") from None

    def write_json(self, name: str, value: Any) -> int:
        return self.write(name, json.dumps(value, indent=1, sort_keys=True).encode("utf-8"))

    def remove(self) -> None:
        """Removes the folder and what the run wrote."""
        for folder, folders, names in os.walk(self.path, topdown=False):
            for name in names:
                os.unlink(os.path.join(folder, name))
            for name in folders:
                os.rmdir(os.path.join(folder, name))
        self.path.rmdir()
