"""Folders of other services, read into interviews; for browser sessions only (walkthrough, step 3.6).

The provider is played as well: its page of consent is at the sandbox itself and says yes, and everybody's drive there
holds `SandboxOptions.drive`.
"""

from __future__ import annotations

import mimetypes
from typing import Any
from urllib.parse import urlencode

from specstep_flows.sandbox.clock import timestamp, timestamp_or_none
from specstep_flows.sandbox.records import Document, digest
from specstep_flows.sandbox.refusals import Refusal, invalid, not_found
from specstep_flows.sandbox.routing import Answer, Call, Routes, identifier, listed, required_text

routes = Routes(
    "ExternalConnectors",
    names={"provider": "providerName", "pendingId": "pendingConnectorId", "connectorId": "externalConnectorId"},
    records={
        "ConnectFolderRequest": "interviewId:uuid",
        "ConnectFolderResponse": "authorize_url:text state:text",
        "FolderDto": "id:text name:text has_subfolders:flag",
        "FoldersResponse": "folders:[@FolderDto]",
        "CommitConnectorBody": "folderId:text folderName:text",
        "CommitConnectorResponse": "connector_id:uuid files_synced:int files_skipped:int",
        "ConnectorDto": "id:uuid provider:text folder_name:text status:text created_at:date last_synced_at:date?",
        "ConnectorsResponse": "connectors:[@ConnectorDto]",
        "SyncConnectorBody": "interviewId:uuid",
        "SyncConnectorResponse": "files_synced:int files_skipped:int",
    },
)
#: The page of a provider, which is no part of the API.
provider = Routes("Provider")

#: What can be connected today, and what the connector is then called.
PROVIDERS = {"onedrive": "OneDrive", "microsoft-graph": "OneDrive", "sharepoint": "SharePoint"}
#: Announced, and not there yet.
COMING = ("google-drive", "dropbox")
#: How long a state token and a pending connector hold.
PENDING_SECONDS = 900
#: The kinds of files that become reference documents; the pages name PDFs, images and YAML.
KINDS = ("text/", "image/", "application/pdf", "application/json", "application/yaml", "application/x-yaml")


@routes.add(
    "POST /v1/external-connectors/{provider}/authorize",
    "200:@ConnectFolderResponse 400 403",
    auth="cookie",
    body="@ConnectFolderRequest",
)
def authorize_connector(call: Call) -> Answer:
    """Begin: where the browser goes to sign in, and the token that comes back from there."""
    chosen = call.params["provider"].lower()
    if chosen not in PROVIDERS:
        known = f"{chosen} is coming" if chosen in COMING else f"provider must be one of {', '.join(PROVIDERS)}"
        raise invalid(f"{known}.")
    interview = identifier(call.json(), "interviewId")
    _check_interview(call, interview)
    state = call.world.ids.token("")
    _keep(call, "authorization", state, provider=chosen, interview=interview, code=call.world.ids.token(""))
    address = call.origin + provider.path_to(consent, chosen)
    return Answer(body={"authorize_url": f"{address}?{urlencode({'state': state})}", "state": state})


@provider.add("GET /sandbox/providers/{provider}/consent", auth="anonymous")
def consent(call: Call) -> Answer:
    """What stands for the provider's page: the user agrees, and the browser comes back with a code."""
    state = call.query.get("state", "")
    known = call.world.records.get("authorization", {}).get(state)
    back = call.origin + routes.path_to(finish_connector_oauth, call.params["provider"])
    return Answer(
        302, headers={"Location": f"{back}?{urlencode({'code': (known or {}).get('code', ''), 'state': state})}"}
    )


@routes.add(
    "GET /v1/external-connectors/{provider}/oauth-callback", "302 400 403", auth="cookie", query="code:text state:text"
)
def finish_connector_oauth(call: Call) -> Answer:
    """The browser is back: its code becomes a pending connector. A state token is good for one use."""
    known = call.world.records.get("authorization", {}).get(call.query.get("state", ""))
    if known is None or known["_owner"] != call.owner or known["until"] <= call.now:
        raise invalid("state is not known, was used already, or has expired.")
    if known["provider"] != call.params["provider"].lower() or known["code"] != call.query.get("code"):
        raise invalid("code is not one that this provider has issued for this state.")
    del call.world.records["authorization"][call.query["state"]]
    pending = call.world.ids.uuid(call.now)
    _keep(call, "pending connector", pending, provider=known["provider"], interview=known["interview"])
    return Answer(302, headers={"Location": f"/interview/{known['interview']}?pendingConnector={pending}"})


@routes.add(
    "GET /v1/external-connectors/pending/{pendingId}/folders",
    "200:@FoldersResponse 400 403 404",
    auth="cookie",
    query="parent:text",
)
def list_folders(call: Call) -> Answer:
    """One level of the drive's folders."""
    _pending(call)
    parent = _folder(call, call.query["parent"]) if call.query.get("parent") else ""
    inside = [path for path in _folders(call) if path.rpartition("/")[0] == parent]
    rows = [
        {
            "id": _id_of(path),
            "name": path.rpartition("/")[2],
            "has_subfolders": any(each.startswith(f"{path}/") for each in _folders(call)),
        }
        for path in inside
    ]
    return Answer(body=listed(call.options, "folders", rows))


@routes.add(
    "POST /v1/external-connectors/pending/{pendingId}/commit",
    "200:@CommitConnectorResponse 400 403 404",
    auth="cookie",
    body="@CommitConnectorBody",
)
def commit_connector(call: Call) -> Answer:
    """Connect the folder, and read it for the first time. The pending connector is used up."""
    pending = _pending(call)
    body = call.json()
    folder = _folder(call, required_text(body, "folderId"))
    name = required_text(body, "folderName")
    synced = _sync(call, folder, pending["interview"])
    del call.world.records["pending connector"][call.id("pendingId")]
    id_ = call.world.ids.uuid(call.now)
    connector = {
        "_owner": call.owner,
        "_folder": folder,
        "id": id_,
        "provider": PROVIDERS[pending["provider"]],
        "folder_name": name,
        "status": "Active",
        "created_at": timestamp(call.now),
        "last_synced_at": timestamp_or_none(call.now),
    }
    call.world.keep("connector", id_, connector)
    return Answer(body={"connector_id": id_, **synced})


@routes.add("GET /v1/external-connectors", "200:@ConnectorsResponse 403", auth="cookie")
def list_connectors(call: Call) -> Answer:
    """The caller's connectors, newest first; what was revoked stays in the list."""
    kept = call.world.kept("connector", call.owner)
    rows = [{name: value for name, value in row.items() if not name.startswith("_")} for row in kept]
    return Answer(body=listed(call.options, "connectors", rows))


@routes.add(
    "POST /v1/external-connectors/{connectorId}/sync",
    "200:@SyncConnectorResponse 400 403 404",
    auth="cookie",
    body="@SyncConnectorBody",
)
def sync_connector(call: Call) -> Answer:
    """Read the folder again, into the named interview."""
    connector = call.world.find_kept("connector", call.owner, call.id("connectorId"))
    if connector["status"] != "Active":
        raise Refusal(400, "CONNECTOR_NOT_ACTIVE", f"The connector is {connector['status']}.")
    synced = _sync(call, connector["_folder"], identifier(call.json(), "interviewId"))
    connector["last_synced_at"] = timestamp(call.now)
    return Answer(body=synced)


@routes.add("DELETE /v1/external-connectors/{connectorId}", "204 403 404", auth="cookie")
def revoke_connector(call: Call) -> Answer:
    """Give the connection up; what was read stays with the interviews."""
    call.world.find_kept("connector", call.owner, call.id("connectorId"))["status"] = "Revoked"
    return Answer(204)


def _keep(call: Call, kind: str, id_: str, **members: Any) -> None:
    call.world.keep(kind, id_, {"_owner": call.owner, "until": call.now + PENDING_SECONDS, **members})


def _pending(call: Call) -> dict[str, Any]:
    pending = call.world.find_kept("pending connector", call.owner, call.id("pendingId"))
    if pending["until"] <= call.now:
        raise not_found("pending connector")
    return pending


def _check_interview(call: Call, id_: str) -> None:
    """An id in a body that is nobody's is invalid input; only what a path names is not found."""
    try:
        call.world.find_interview(call.owner, id_)
    except Refusal:
        raise invalid("interviewId is not an interview of yours.") from None


def _folders(call: Call) -> list[str]:
    """Every folder of the drive by its path."""
    found = set()
    for path in call.options.drive:
        while path := path.rpartition("/")[0]:
            found.add(path)
    return sorted(found)


def _id_of(folder: str) -> str:
    """The provider's id of a folder, which does not show its name."""
    return digest(folder)[:16].upper()


def _folder(call: Call, id_: str) -> str:
    found = [path for path in _folders(call) if _id_of(path) == id_]
    if not found:
        raise invalid("There is no such folder at the provider.")
    return found[0]


def _sync(call: Call, folder: str, interview_id: str) -> dict[str, int]:
    """Attach the files right in the folder; those of another kind, and those attached already, are skipped."""
    _check_interview(call, interview_id)
    interview = call.world.find_interview(call.owner, interview_id)
    files = {path: content for path, content in call.options.drive.items() if path.rpartition("/")[0] == folder}
    synced = 0
    for path, content in files.items():
        name = path.rpartition("/")[2]
        kind = mimetypes.guess_type(name)[0] or ("application/yaml" if name.endswith((".yaml", ".yml")) else "")
        before = next((one for one in interview.documents.values() if one.file_name == name), None)
        if not kind.startswith(KINDS) or (before is not None and before.content == content):
            continue
        id_ = before.id if before is not None else call.world.ids.uuid(call.now)
        interview.documents[id_] = Document(id_, name, kind, content, call.now)
        synced += 1
    return {"files_synced": synced, "files_skipped": len(files) - synced}
