"""Which file system a folder is on: over a network a kernel lock does not hold."""

from __future__ import annotations

import re
from pathlib import Path

_NETWORK = frozenset(
    {
        *("9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "gfs", "gfs2", "glusterfs"),
        *("gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "smb3", "smbfs"),
        *("vboxsf", "virtiofs"),
    }
)
_NETWORK_FUSE = frozenset(
    {
        *("fuse.afpfs", "fuse.blobfuse", "fuse.blobfuse2", "fuse.ceph", "fuse.ceph-fuse"),
        *("fuse.curlftpfs", "fuse.davfs", "fuse.gcsfuse", "fuse.glusterfs", "fuse.goofys"),
        *("fuse.juicefs", "fuse.mount-s3", "fuse.rclone", "fuse.s3fs", "fuse.smbnetfs"),
        *("fuse.sshfs", "fuse.vmhgfs-fuse"),
    }
)
_MOUNTS = Path("/proc/self/mountinfo")


def network_type_of(folder: Path, mounts: str) -> str | None:
    """The type of the network file system that holds a folder, or None for a local one.

    `mounts` is in the format of /proc/self/mountinfo. `folder` has no symbolic links.
    """
    found = ""
    found_length = -1
    for line in mounts.splitlines():
        fields, _, rest = line.partition(" - ")
        point = Path(_unescaped(fields.split(" ")[4]))
        # Of two mounts on one folder the later covers the earlier.
        if folder.is_relative_to(point) and len(point.parts) >= found_length:
            found, found_length = rest.split(" ", 1)[0], len(point.parts)
    return found if found in _NETWORK | _NETWORK_FUSE else None


def current_mounts() -> str:
    """What is mounted where; empty on systems other than Linux, where nothing is refused."""
    try:
        return _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""


def _unescaped(path: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), path)
