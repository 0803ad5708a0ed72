"""Change addenda to a finished package (walkthrough, step 6.5)."""

from ..clock import timestamp
from ..signing import signed_url
from ..world.errors import not_found
from ..world.packages import Addendum
from ..zips import build_zip
from .call import Answer, Call, required_text
from .packages import own_package, redirect
from .routing import Routes

routes = Routes()

URL_SECONDS = 3600
"""How long an addendum's signed URL holds (walkthrough, step 6.5)."""
COST_USD = 0.45


@routes.add("POST /v1/packages/{id}/addenda")
def create_addendum(call: Call) -> Answer:
    """Write the five files of a change request; each call is paid for."""
    package = own_package(call)
    body = call.json()
    title = required_text(body, "title", 200)
    description = required_text(body, "description", 4000)
    text = f"# {title}\n\n{description}\n".encode()
    names = ("background", "change-requirement", "implementation-guide", "test-plan", "decision-log-entry")
    blob = build_zip({f"{name}.md": text for name in names})
    addendum = Addendum(
        call.world.ids.uuid(call.now), package.id, title, description, COST_USD, call.owner, call.now, blob
    )
    package.addenda.append(addendum)
    name = _blob_name(addendum)
    call.world.blobs[name] = blob
    url = signed_url(call.blob_origin, name, call.now + URL_SECONDS)
    return Answer(body={"addendum_id": addendum.id, "download_url": url, "cost_usd": COST_USD})


def _blob_name(addendum: Addendum) -> str:
    return f"addenda/{addendum.id}.zip"


@routes.add("GET /v1/packages/{id}/addenda")
def list_addenda(call: Call) -> Answer:
    """The package's addenda, newest first."""
    rows = [
        {
            "id": addendum.id,
            "package_id": addendum.package_id,
            "title": addendum.title,
            "description": addendum.description,
            "cost_usd": addendum.cost_usd,
            "submitted_by_user_id": addendum.submitted_by,
            "created_at": timestamp(addendum.created_at),
        }
        for addendum in reversed(own_package(call).addenda)
    ]
    return Answer(body={"addenda": rows})


@routes.add("GET /v1/packages/{id}/addenda/{addendumId}/zip")
def get_addendum_zip(call: Call) -> Answer:
    """302 to a signed URL that holds for an hour."""
    wanted = call.id("addendumId")
    addendum = next((addendum for addendum in own_package(call).addenda if addendum.id == wanted), None)
    if addendum is None:
        raise not_found("addendum")
    return redirect(call, _blob_name(addendum), URL_SECONDS)
