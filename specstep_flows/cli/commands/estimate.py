"""``specstep estimate``: what a generation may cost, from the user's own past and from the service."""

from __future__ import annotations

from specstep_flows._json import as_json
from specstep_flows.cli.estimate import accepted, read_before_paying, service_words
from specstep_flows.cli.options import Profile
from specstep_flows.cli.session import Call, open_client
from specstep_flows.cli.verbs import verb


@verb
def estimate(call: Call, profile: Profile = None) -> int:
    """Estimate what a generation costs.

    The quota that is left, what your own past generations of the profile took, and what the service itself expects: it
    is asked over MCP, with the same key. Where it gives no estimate, that is said and is no failure. Nothing is started
    and nothing is paid for.
    """
    from specstep_flows.flows.job import spelled_choices
    from specstep_flows.runs.opening import run_options
    from specstep_flows.states import DEFAULT_PROFILE

    with open_client(call) as client:
        account = client.get_account()
        wanted = run_options(profile=profile or client.settings.profile or DEFAULT_PROFILE)
        chosen = spelled_choices(wanted, accepted(client)).profile
        assert chosen is not None
        lines, document = read_before_paying(client, chosen)
        service = client.estimate_generation(chosen)
    lines.append(service_words(service))
    call.finish(
        "\n".join(lines),
        {
            "code": "estimate",
            "profile": chosen,
            "plan": account.plan,
            **document,
            "service_estimate": {**as_json(service), "raw": dict(service.raw)},
        },
    )
    return 0
