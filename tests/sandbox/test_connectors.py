"""Connectors in the sandbox: three stages in a browser's session, then reading a folder again and giving it up."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from specstep_flows.sandbox.connectors import PENDING_SECONDS
from tests.kit.api import op


class Browser:
    """What is done with a session's cookie, each answer checked against both documents."""

    def __init__(self, call: Any) -> None:
        self.call = call
        self.cookie = {"Authorization": "", "Cookie": f"specstep_session={call.sandbox.state.session}"}

    def __call__(self, request: str, **members: Any) -> httpx.Response:
        """As ``Caller``, without the key."""
        answer: httpx.Response = self.call(request, headers=self.cookie, **members)
        return answer

    def follow(self, address: str) -> httpx.Response:
        """What a browser does with an address."""
        answer: httpx.Response = self.call.http.get(address, headers=self.cookie)
        return answer

    def sign_in(self, interview: str, provider: str = "onedrive") -> str:
        """Begin, agree at the provider's page, and come back: the address that the browser comes back to."""
        begun = self(op("authorize_external_connector", provider), json={"interviewId": interview}).json()
        back = httpx.get(begun["authorize_url"]).headers["Location"]
        assert parse_qs(urlsplit(back).query)["state"] == [begun["state"]]
        return str(back)

    def pending(self, interview: str, provider: str = "onedrive") -> str:
        """The id of a pending connector, from the address of the interview's page."""
        landed = self.follow(self.sign_in(interview, provider))
        assert landed.status_code == 302
        page = urlsplit(landed.headers["Location"])
        assert page.path == f"/interview/{interview}"
        return parse_qs(page.query)["pendingConnector"][0]

    def folder(self, pending: str, name: str, **parent: str) -> dict[str, Any]:
        """A row of the picker."""
        rows = self(op("list_external_folders", pending), params=parent).json()["folders"]
        return next(row for row in rows if row["name"] == name)


@pytest.fixture
def browser(tour: Any) -> Browser:
    """A browser whose user has a session."""
    return Browser(tour())


@pytest.mark.slow
def test_a_folder_is_connected_read_again_and_given_up(browser: Browser) -> None:
    """The whole of step 3.6: sign in, pick a folder of a folder, commit, sync, revoke."""
    interview = browser.call.interview("A portal.")
    pending = browser.pending(interview)
    product = browser.folder(pending, "Product")
    assert (product["has_subfolders"], browser.folder(pending, "Legal")["has_subfolders"]) == (True, False)
    research = browser.folder(pending, "Research", parent=product["id"])
    assert not research["has_subfolders"]

    committed = browser(
        op("commit_external_connector", pending), json={"folderId": product["id"], "folderName": "Product"}
    ).json()

    assert (committed["files_synced"], committed["files_skipped"]) == (2, 1)
    documents = browser.call(op("list_reference_documents", interview)).json()["documents"]
    assert sorted(row["file_name"] for row in documents) == ["brief.md", "glossary.yaml"]
    (row,) = browser(op("list_external_connectors")).json()["connectors"]
    assert (row["id"], row["provider"], row["folder_name"]) == (committed["connector_id"], "OneDrive", "Product")
    assert (row["status"], row["last_synced_at"]) == ("Active", row["created_at"])

    browser.call.pass_time(60)
    browser.call.sandbox.options.drive = {**browser.call.sandbox.options.drive, "Product/brief.md": b"# Another\n"}
    again = browser(op("sync_external_connector", row["id"]), json={"interviewId": interview}).json()
    assert again == {"files_synced": 1, "files_skipped": 2}
    assert len(browser.call(op("list_reference_documents", interview)).json()["documents"]) == 2
    assert browser(op("list_external_connectors")).json()["connectors"][0]["last_synced_at"] > row["last_synced_at"]

    for _ in range(2):
        assert browser(op("delete_external_connector", row["id"])).status_code == 204
    assert browser(op("list_external_connectors")).json()["connectors"][0]["status"] == "Revoked"
    refused = browser(op("sync_external_connector", row["id"]), json={"interviewId": interview})
    assert (refused.status_code, refused.json()["type"]) == (400, "CONNECTOR_NOT_ACTIVE")


def test_a_state_token_is_good_for_one_use(browser: Browser) -> None:
    """The same address a second time is refused, and so are a code that was made up and another provider's."""
    interview = browser.call.interview("A portal.")
    back = browser.sign_in(interview)
    for wrong in (back.replace("code=", "code=x"), back.replace("onedrive", "sharepoint"), back + "x"):
        assert browser.follow(wrong).status_code == 400

    assert browser.follow(back).status_code == 302
    assert browser.follow(back).status_code == 400


def test_what_is_pending_expires(browser: Browser) -> None:
    """After 15 minutes a state token is refused and a pending connector is not found."""
    interview = browser.call.interview("A portal.")
    pending, back = browser.pending(interview), browser.sign_in(interview)
    folder = browser.folder(pending, "Product")["id"]

    browser.call.pass_time(PENDING_SECONDS)

    assert browser.follow(back).status_code == 400
    assert browser(op("list_external_folders", pending)).status_code == 404
    order = {"folderId": folder, "folderName": "Product"}
    assert browser(op("commit_external_connector", pending), json=order).status_code == 404
    assert browser(op("list_external_connectors")).json()["connectors"] == []


@pytest.mark.slow
def test_a_pending_connector_is_committed_once(browser: Browser) -> None:
    """A refused commit leaves it pending; a second one finds nothing."""
    interview = browser.call.interview("A portal.")
    pending = browser.pending(interview, "microsoft-graph")
    order = {"folderId": browser.folder(pending, "Legal")["id"], "folderName": "Legal"}
    commit = op("commit_external_connector", pending)
    assert browser(commit, json={**order, "folderId": "nowhere"}).status_code == 400
    assert browser(commit, json={"folderId": order["folderId"]}).status_code == 400

    assert browser(commit, json=order).json()["files_synced"] == 1
    assert browser(commit, json=order).status_code == 404


@pytest.mark.parametrize("provider", ["google-drive", "dropbox", "ftp"])
def test_providers_that_are_not_there_yet(browser: Browser, provider: str) -> None:
    """Those that the pages announce are refused like those that nobody knows."""
    order = {"interviewId": browser.call.interview("A portal.")}
    assert browser(op("authorize_external_connector", provider), json=order).status_code == 400


@pytest.mark.slow
def test_only_a_session_may_and_only_for_what_is_its_own(browser: Browser) -> None:
    """Every one of the seven refuses a key, and what is somebody else's is not found."""
    interview = browser.call.interview("A portal.")
    pending = browser.pending(interview)
    order = {"folderId": browser.folder(pending, "Legal")["id"], "folderName": "Legal"}
    connector = browser(op("commit_external_connector", pending), json=order).json()["connector_id"]
    unseen = "00000000-0000-7000-8000-000000000000"
    for request, body in (
        (op("list_external_connectors"), None),
        (op("authorize_external_connector", "onedrive"), {"interviewId": interview}),
        (op("finish_external_connector_oauth", "onedrive") + "?code=a&state=b", None),
        (op("list_external_folders", pending), None),
        (op("commit_external_connector", pending), order),
        (op("sync_external_connector", connector), {"interviewId": interview}),
        (op("delete_external_connector", connector), None),
    ):
        assert browser.call(request, json=body).status_code == 403, request

    assert browser(op("sync_external_connector", unseen), json={"interviewId": interview}).status_code == 404
    assert browser(op("delete_external_connector", unseen)).status_code == 404
    assert browser(op("sync_external_connector", connector), json={"interviewId": unseen}).status_code == 400
    assert browser(op("authorize_external_connector", "onedrive"), json={"interviewId": unseen}).status_code == 400
    assert browser(op("list_external_connectors")).json()["connectors"][0]["status"] == "Active"
