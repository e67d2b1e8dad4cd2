"""Deployments of images that are servers themselves: made here, and built elsewhere.

The engine is asked over TCP, and the image is pulled from a registry again, as on a second engine.
"""

from __future__ import annotations

import json
import threading
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from services.relay import running_relay

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker_workbench import DockerProject
    from services.registry import Registry

SCRIPT = """
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(200 if self.path == "/ready" else 404, b"ready")
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(200 if self.path == "/predict" else 404, b'"WORD"')
    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

ThreadingHTTPServer(("", 8000), Handler).serve_forever()
"""
ROUTES = """
  server = "none"
  routes {
    port      = 8000
    scoring   = "/predict"
    readiness = "/ready"
  }
"""


def configure(served: DockerProject, host: str, image: str, compute: str = "") -> None:
    base = served.service.base
    more = f"""
environment "bare" {{
  python       = "{base.rpartition(":")[2]}"
  requirements = []
  docker {{
    base_image = "{base}"
  }}
}}
image "web" {{
  name    = "{served.name}"
  builder = compute.box
  {image}
  {ROUTES}
}}
deployment "prod" {{
  name     = "{served.name}"
  image    = image.web
  target   = compute.box
  replicas = 2
}}
"""
    served.configure(more, connection=f'host = "{host}"', compute=compute)


def answer(served: DockerProject) -> str:
    return served.run("deployment", "score", "prod", "-data=1").out.strip()


@contextmanager
def asking(served: DockerProject) -> Iterator[set[str]]:
    """Ask the port again and again; what was answered, of which nothing may be a failure."""
    key = json.loads(served.run("deployment", "keys", "show", "prod", "-json").out)["primary"]
    address = served.outputs("deployment.prod")["scoring_uri"]
    request = urllib.request.Request(address, b"1", {"Authorization": f"Bearer {key}"})
    said: set[str] = set()
    is_over = threading.Event()

    def ask() -> None:
        while not is_over.is_set():
            try:
                with urllib.request.urlopen(request, timeout=120) as answered:
                    said.add(answered.read().decode())
            except OSError as failure:
                said.add(repr(failure))

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield said
    finally:
        is_over.set()
        thread.join()


@pytest.mark.slow
def test_a_server_of_its_own_is_replaced_under_load_and_served_by_its_digest(
    served: DockerProject, registry: Registry
) -> None:
    script = served.project.root / "web.py"
    script.write_text(SCRIPT.replace("WORD", "one"))
    made = f"""
  entry_script = "web.py"
  environment  = environment.bare
  registry     = "{registry.host}/tests"
"""
    with running_relay(served.service.host) as relay:
        configure(served, relay.host, made)
        served.run("lock")
        served.run("apply", "-auto-approve")
        assert answer(served) == '"one"'
        script.write_text(SCRIPT.replace("WORD", "two"))
        with asking(served) as said:
            served.run("apply", "-auto-approve")
            assert answer(served) == '"two"'
        assert said <= {'"one"', '"two"'}
        assert '"one"' in said
        reference = served.outputs("image.web")["repo_digest"]
        served.run("destroy", "-auto-approve")
        configure(
            served,
            relay.host,
            f'reference = "{reference}"',
            f'front_base = "{served.service.base}"',
        )
        served.run("lock")
        served.run("apply", "-auto-approve")
        assert answer(served) == '"two"'
        assert "No changes." in served.run("plan", "-detailed-exitcode").out
        served.run("destroy", "-auto-approve")
    assert not served.engine.containers({"amlplan.lineage": served.lineage})
