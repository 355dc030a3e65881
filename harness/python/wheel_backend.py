"""What pip calls (PEP 517) to make a wheel of this folder.

It needs nothing but the standard library and writes nothing beside the sources: so an ordinary user installs from the
folder that root installed, without network. The metadata lies here already, in heapgate-VERSION.dist-info.
"""

import base64
import hashlib
import os
import zipfile

TAG = "py3-none-any"


def _files(folder):
    """The paths below folder that belong to the wheel, sorted."""
    found = []
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        found += [os.path.join(root, name) for name in names]
    return sorted(found)


def _read(path):
    with open(path, "rb") as file:
        return file.read()


def _record(name, content):
    """The line of RECORD for a file: its name, its hash, its bytes."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(content)}\n"


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """Writes the wheel and returns its file name; pip calls it with this folder as the working directory."""
    info = next(name for name in sorted(os.listdir()) if name.endswith(".dist-info"))
    contents = {path: _read(path) for path in _files("heapgate") + _files(info)}
    contents[f"{info}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: heapgate\nRoot-Is-Purelib: true\nTag: {TAG}\n".encode()
    )
    records = "".join(_record(name, content) for name, content in contents.items())
    contents[f"{info}/RECORD"] = f"{records}{info}/RECORD,,\n".encode()
    wheel = f"{info[: -len('.dist-info')]}-{TAG}.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, wheel), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return wheel
