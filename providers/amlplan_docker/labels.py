"""Labels by which what amlplan put on an engine is known to be its own."""

from __future__ import annotations

IDENTITY = "amlplan.identity"
LINEAGE = "amlplan.lineage"
ADDRESS = "amlplan.address"
ROLE = "amlplan.role"
REVISION = "amlplan.revision"
WORKSPACE = "amlplan.workspace"
DIGEST = "amlplan.digest"
MODELS = "amlplan.models"
RUN = "amlplan.run"
COMMIT = "amlplan.commit"
HOST = "amlplan.host"
"""The identity of the host that started a run."""
FOLDER = "amlplan.folder"
"""The run's folder on that host."""

FRONT, REPLICA, JOB, PROBE, BUILD = "front", "replica", "run", "probe", "build"
"""What a container is for, as the label of its role says."""
NETWORK = "network"
"""The role of a network that was made for a compute block."""
