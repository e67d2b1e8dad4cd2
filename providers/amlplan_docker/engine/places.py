"""The networks and volumes of an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amlplan_docker.engine.failures import NotThereError
from amlplan_docker.engine.parts import Part, filter_of
from amlplan_docker.engine.reading import network_of, volume_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amlplan_docker.engine.seen import NetworkSeen, VolumeSeen


class EnginePlaces(Part):
    """What concerns networks and volumes. Objects are removed by their name or id."""

    def network(self, name: str) -> NetworkSeen | None:
        """The network of a name; of several, which older engines allow, the oldest."""
        found = self._calls.call("networks", names=[name])
        ids = [item["Id"] for item in sorted(found, key=_age) if item["Name"] == name]
        return self._network(ids[0]) if ids else None

    def networks(self, labels: Mapping[str, str | None]) -> list[NetworkSeen]:
        """The networks that have all of these labels."""
        found = self._calls.call("networks", filters=filter_of(labels))
        seen = (self._network(item["Id"]) for item in sorted(found, key=_age))
        return [network for network in seen if network is not None]

    def create_network(self, name: str, labels: Mapping[str, str]) -> NetworkSeen:
        """Make a bridge; raises ConflictError where the name is taken."""
        asked = {"Name": name, "Driver": "bridge", "CheckDuplicate": True, "Labels": dict(labels)}
        made = self._calls.patient_request("POST", "/networks/create", json=asked).json()
        seen = self._network(made["Id"])
        if seen is None:
            raise NotThereError("The engine does not have it", f"Network {name} went at once.")
        return seen

    def remove_network(self, name: str) -> None:
        """Remove it; raises NotThereError, and RefusedError while something is on it."""
        self._calls.patient_request("DELETE", f"/networks/{name}")

    def connect_to_network(
        self, network: str, container: str, aliases: tuple[str, ...] = ()
    ) -> None:
        """Put a container on one more network."""
        self._calls.call(
            "connect_container_to_network", container, network, aliases=list(aliases) or None
        )

    def disconnect_from_network(self, network: str, container: str, *, force: bool = False) -> None:
        """Take a container off a network."""
        self._calls.call("disconnect_container_from_network", container, network, force=force)

    def volume(self, name: str) -> VolumeSeen | None:
        """The volume of a name."""
        try:
            return volume_of(self._calls.call("inspect_volume", name))
        except NotThereError:
            return None

    def volumes(self, labels: Mapping[str, str | None]) -> list[VolumeSeen]:
        """The volumes that have all of these labels."""
        found = self._calls.call("volumes", filters=filter_of(labels)).get("Volumes") or ()
        return sorted(map(volume_of, found), key=lambda volume: volume.name)

    def create_volume(self, name: str, labels: Mapping[str, str]) -> VolumeSeen:
        """Make a volume; one that is there is given as it is, with the labels that it has."""
        return volume_of(self._calls.call("create_volume", name, labels=dict(labels)))

    def remove_volume(self, name: str, *, force: bool = False) -> None:
        """Remove it and what is in it; raises NotThereError, ConflictError while it is in use."""
        asked = {"force": "1" if force else "0"}
        self._calls.patient_request("DELETE", f"/volumes/{name}", params=asked)

    def _network(self, network_id: str) -> NetworkSeen | None:
        try:
            return network_of(self._calls.call("inspect_network", network_id))
        except NotThereError:
            return None


def _age(item: Mapping[str, str]) -> tuple[str, str]:
    return item.get("Created") or "", item["Id"]
