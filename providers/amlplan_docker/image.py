"""Images on a Docker engine: written there layer by layer, or adopted, and kept in a registry."""

# ruff: noqa: ARG002 - a provider takes what its protocol gives

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, cast

from amlplan.content import changed_since_plan
from amlplan.errors import HistoryError, ProviderError, UnreachableError
from amlplan.provider import Kind, Missing, Present, Refinement, Unreachable
from amlplan.wording import counted
from amlplan_docker.images.by_reference import INPUT, brought, facts_of_reference
from amlplan_docker.images.composed import composed
from amlplan_docker.images.locked import asked_of_lock, resolved_for_lock
from amlplan_docker.images.made import Place, adopted, kept, loaded, pushed
from amlplan_docker.images.names import repository_of, tag_of
from amlplan_docker.images.request import check_platform, platform_asked
from amlplan_docker.images.seen import outputs_of, seen_now
from amlplan_docker.images.stored import discard_images, stored_images
from amlplan_docker.images.use import let_go_of_image, next_of
from amlplan_docker.images.verified import damage_of
from amlplan_docker.images.writing import Writer
from amlplan_docker.reaching import engine_of, login_of
from amlplan_images.changes import change_of, models_in
from amlplan_schemas.image import DockerImageOutputs, Image

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amlplan.abilities import StoredImage
    from amlplan.provider import (
        Desired,
        Draft,
        LockRequest,
        Observed,
        OperationHandle,
        Outputs,
        ProviderContext,
        Targets,
    )
    from amlplan_schemas.base import JsonValue
    from amlplan_schemas.state import Record


class DockerImage:
    """Puts models, script, environment and server into an image; old ones stay until `image gc`."""

    kind = Kind("docker", Image, DockerImageOutputs)

    def __init__(self, context: ProviderContext) -> None:
        self._context = context
        self._writer = Writer(context)

    def lock_requests(self, draft: Draft) -> tuple[LockRequest, ...]:
        """Its base image, and the layers that are made for that; none for one by reference."""
        return asked_of_lock(draft)

    def resolve(
        self, request: LockRequest, draft: Draft, operation: OperationHandle
    ) -> Mapping[str, JsonValue]:
        """Ask the builder, which pulls and runs the base; layers are built on this machine."""
        return resolved_for_lock(request, draft, self._context, operation)

    def derive(self, draft: Draft) -> Mapping[str, JsonValue]:
        """The digest of each input and one over all; nothing while something is not known.

        Checks the script by its text, and what the builder is known to be.
        """
        if draft.values.get(INPUT) is not None:
            check_platform(platform_asked(draft.values), draft.referred.get("builder"))
            return facts_of_reference(str(draft.values[INPUT]))
        repository_of(draft.values.get("registry"), draft.name)  # refuses what no engine takes
        found = composed(draft.values, draft.referred, draft.lock, self._context)
        return {} if found is None else found.facts

    def refine(
        self,
        draft: Draft,
        derived: Mapping[str, JsonValue],
        prior: Record | None,
        targets: Targets,
    ) -> Refinement:
        """What it will be called, its id where that is known, and which inputs make it another."""
        if "digest" not in derived:
            return Refinement()
        expected: dict[str, JsonValue] = {"tag": tag_of(None, draft.name, str(derived["digest"]))}
        if "builder" in targets:
            expected["engine"] = targets["builder"].outputs.values.get("identity")
        if draft.values.get("registry", "") is None and draft.values.get(INPUT) is None:
            expected["repo_digest"] = None
        expected |= self._writer.foreseen(draft, targets)
        if prior is None or not prior.outputs.values:
            return Refinement(expected=expected)
        was, now = prior.outputs.values, cast("Mapping[str, str]", derived["contents"])
        if models_in(was["contents"]) == models_in(now):
            expected["model_versions"] = was["model_versions"]
        if was["digest"] == derived["digest"]:
            note = f"content unchanged (same {counted(len(now), 'input')})"
            return Refinement(expected=expected, note=note)
        return Refinement(expected=expected, note=change_of(was["contents"], now))

    def read(self, record: Record, targets: Targets) -> Observed:
        """The image that has the recorded name now; Missing where the engine has none."""
        if not record.outputs.values:
            return Present()  # only begun: create goes on with it
        if "builder" not in targets:
            return Missing()
        try:
            with engine_of(targets["builder"], self._context) as engine:
                return seen_now(record, engine)
        except UnreachableError as failure:
            return Unreachable(failure.detail or failure.summary)

    def create(self, desired: Desired, operation: OperationHandle) -> Outputs:
        """Bring the image to its builder and its registry; adopts one of the same digest."""
        values = desired.inputs.model_dump(mode="json")
        with engine_of(desired.targets["builder"], self._context) as engine:
            place = Place(
                engine=engine,
                name=desired.name,
                digest=str(desired.derived.get("digest", "")),
                holder=desired.identity,
                registry=values["registry"],
                login=login_of(values),
            )
            if values[INPUT] is not None:
                platform = platform_asked(values)
                seen, name = brought(values[INPUT], platform, place, operation)
                kept(seen, place)
                return outputs_of(desired, place, seen, name, None)
            wanted = composed(values, desired.referred, desired.lock, self._context)
            if wanted is None:
                raise ProviderError(
                    "A part of the image is not known",
                    f"{desired.address} refers to a model or an environment without a digest. "
                    "Apply those first.",
                )
            if wanted.digest != place.digest:
                raise changed_since_plan(f"Something that {desired.address} is made of")
            image = self._writer.described(wanted, desired, operation)
            seen_image = adopted(image, place, operation)
            if seen_image is None:
                image = self._writer.on_its_base(image, wanted, engine, desired, operation)
                seen_image = loaded(image, place, operation)
            operation.step("image", {"id": seen_image.id, "tag": place.tag})
            pushed_name = pushed(place, operation)
            kept(seen_image, place)
            self._note_lineage(desired, str(wanted.parts.environment))
            return outputs_of(desired, place, seen_image, pushed_name, wanted.base.digest)

    def update(self, desired: Desired, prior: Record, operation: OperationHandle) -> Outputs:
        """Bring the new image beside the old one."""
        return self.create(desired, operation)

    def delete(self, prior: Record, targets: Targets, operation: OperationHandle) -> None:
        """Hold it no more; it stays for what still runs from it, until `image gc`."""
        if "builder" in targets:
            with engine_of(targets["builder"], self._context) as engine:
                let_go_of_image(engine, prior.identity)
                let_go_of_image(engine, next_of(prior.identity))

    def stored(self, builder: Record, records: Sequence[Record]) -> Sequence[StoredImage]:
        """What is on the engine of a builder; see KeepsImages."""
        with engine_of(builder, self._context) as engine:
            return stored_images(engine, records)

    def discard(self, builder: Record, images: Sequence[StoredImage]) -> Sequence[StoredImage]:
        """Remove images there; see KeepsImages."""
        with engine_of(builder, self._context) as engine:
            return discard_images(engine, images)

    def damage(self, record: Record, targets: Targets) -> Sequence[str]:
        """What of its bytes the engine no longer has; see KeepsImages."""
        with engine_of(targets["builder"], self._context) as engine:
            return damage_of(engine, str(record.outputs.values["image_id"]))

    def _note_lineage(self, desired: Desired, environment: str) -> None:
        with contextlib.suppress(HistoryError):  # an unavailable history fails no apply
            workspace = Path(str(desired.targets["workspace"].outputs.values["path"]))
            history = self._context.open_history(workspace)
            image = f"image:{desired.derived['digest']}"
            history.add_edge(f"environment:{environment}", "in", image)
            for way, model in desired.targets.items():
                if way.startswith("models."):
                    version = model.outputs.values["version"]
                    history.add_edge(f"model:{model.name}:{version}", "in", image)
