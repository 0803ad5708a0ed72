"""Arguments of the library are options of the command."""

from __future__ import annotations

from specstep_flows.cli.wording import in_options


def test_a_message_names_what_its_reader_can_give() -> None:
    """What is no argument stays as it is."""
    said = "Choose another `output`, or `force=True`; a higher `max_cost_usd` for `run_id` `x`; `wait=False`."

    assert in_options(said) == "Choose another --output, or --force; a higher --max-cost for --run-id `x`; --no-wait."
