"""A FHIR server loads an export, validates each resource, and answers searches of it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from http.client import HTTPConnection
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from nephrosyn.interchange.codes import load_codes

SERVER = Path(__file__).parent / "server"
BATCH = 300
Answer = tuple[int, dict[str, Any]]


class Server:
    """A client of the server."""

    def __init__(self, port: int) -> None:
        self._port = port

    def ask(self, method: str, path: str, resource: Any = None) -> Answer:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=120)
        body = None if resource is None else json.dumps(resource)
        connection.request(method, path, body, {"content-type": "application/fhir+json"})
        response = connection.getresponse()
        answer = response.status, json.loads(response.read())
        connection.close()
        return answer

    def load(self, resources: list[dict[str, Any]]) -> list[str]:
        """Put resources in batches, and return the status of each."""
        statuses = []
        for place in range(0, len(resources), BATCH):
            entries = [
                {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}}
                for one in resources[place : place + BATCH]
            ]
            status, answer = self.ask("POST", "/", {"resourceType": "Bundle", "type": "batch", "entry": entries})
            assert status == 200, answer
            statuses += [entry["response"]["status"] for entry in answer["entry"]]
        return statuses

    def total(self, kind: str, **parameters: str) -> int:
        """Number of resources that a search finds."""
        query = "&".join(f"{name.replace('_', '-')}={quote(value)}" for name, value in parameters.items())
        status, found = self.ask("GET", f"/{kind}?{query}&_summary=count")
        assert status == 200, found
        return found["total"]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    modules = SERVER / "node_modules" / "@medplum"
    assert modules.is_dir(), (
        "the FHIR server is missing: npm ci --ignore-scripts --prefix tests/interchange/fhir/server"
    )
    process = subprocess.Popen(["node", SERVER / "server.mjs"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Server(int(process.stdout.readline()))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.slow
def test_a_server_loads_an_export_and_finds_what_is_in_it(server, resources):
    codes = load_codes()
    loaded = {kind: [one for one in found if "p1-" not in str(one)] for kind, found in resources.items()}
    loaded["Group"] = resources["Group"]
    assert set(server.load(list(chain.from_iterable(loaded.values())))) <= {"200", "201"}
    assert {kind: server.total(kind) for kind in loaded} == {kind: len(found) for kind, found in loaded.items()}

    albumin = codes.of("analyte", "albumin")
    first = "Patient/p0-3"
    of_first = [
        resource
        for resource in resources["Observation"]
        if resource["subject"]["reference"] == first and resource["code"]["coding"][0]["code"] == albumin.code
    ]
    found = server.total("Observation", subject=first, code=f"{albumin.system}|{albumin.code}")
    assert found == len(of_first) > 0
    women = sum(resource["gender"] == "female" for resource in loaded["Patient"])
    assert server.total("Patient", gender="female") == women
    group = resources["Group"][0]
    assert server.ask("GET", f"/Group/{group['id']}")[1]["quantity"] == len(group["member"])


@pytest.mark.slow
def test_the_server_refuses_a_broken_resource(server, resources):
    resource = resources["Encounter"][0]
    path = f"/Encounter/{resource['id']}"
    for change in ({"visit": 3}, {"status": ["finished"]}, {"period": {"start": "soon"}}):
        status, answer = server.ask("PUT", path, {**resource, **change})
        assert status == 400 and answer["resourceType"] == "OperationOutcome"
    without = {name: value for name, value in resource.items() if name != "class"}
    assert server.ask("PUT", path, without)[0] == 400
    assert server.ask("GET", "/Patient/nobody")[0] == 404
