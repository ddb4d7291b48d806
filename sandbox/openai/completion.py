"""One response: written, counted, charged. The same for an online request and for a line of a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sandbox.openai.bills import BATCH_FACTOR, TIER_FACTORS, Charge, Tokens, price
from sandbox.openai.errors import insufficient_quota, refused
from sandbox.openai.prompt import estimated_tokens
from sandbox.openai.response_payload import response_payload
from sandbox.openai.writer.answers import FAILED, TRUNCATED, Said, said

if TYPE_CHECKING:
    from sandbox.openai.prompt import Prompt
    from sandbox.openai.world import World

Json = dict[str, Any]
CONTEXT_TOKENS = 1_050_000
_REASONING_TOKENS = {"none": 0, "minimal": 16, "low": 64, "medium": 256, "high": 1_024, "xhigh": 2_048, "max": 4_096}
_WITHOUT_CAP = 1_000_000


class Place(NamedTuple):
    """Where a response is asked for.

    Attributes:
        batch_id: `None` for an online request; then so is `custom_id`.
    """

    request_id: str
    batch_id: str | None = None
    custom_id: str | None = None


def complete(world: World, prompt: Prompt, body: Json, place: Place) -> Json:
    """Give back the response, charged. Raises the 429 of an empty balance and the 400 of an input that is too long."""
    if world.is_out_of_credit:
        raise insufficient_quota()
    if prompt.input_tokens > CONTEXT_TOKENS:
        told = f"The input has about {prompt.input_tokens} tokens; the context window holds {CONTEXT_TOKENS}."
        raise refused(400, told, code="context_length_exceeded", param="input")
    settings = world.settings
    spoken = said(prompt, seed=settings.seed, bad_rates_pct=settings.bad_rates_pct, is_obedient=settings.is_obedient)
    spoken, output, reasoning = _measured(world, prompt, spoken)
    # Batches are spread over many machines, where a prefix is seldom met again.
    is_batch = place.batch_id is not None
    cached, written = (0, 0) if is_batch else world.cache.use(prompt, world.monotonic_s())
    tokens = Tokens(prompt.input_tokens, cached, written, output, reasoning)
    if spoken.outcome != FAILED:
        factor = BATCH_FACTOR if is_batch else TIER_FACTORS[prompt.tier]
        dollars = price(prompt.model, tokens, factor)
        world.bills.add(Charge(prompt.user_key, prompt.model, tokens, dollars, *place))
    response = response_payload(world, prompt, body, spoken, tokens)
    if body.get("store") is not False and not is_batch:
        world.keep_response(response)
    return response


def _measured(world: World, prompt: Prompt, spoken: Said) -> tuple[Said, int, int]:
    """Give back what is left of it within the cap, all output tokens, and how many of them were reasoning."""
    cap = prompt.cap or _WITHOUT_CAP
    reasoning = _REASONING_TOKENS[prompt.effort]
    if reasoning >= cap:
        return Said(TRUNCATED, ""), cap, cap
    if spoken.outcome == TRUNCATED:
        # Whoever asks again with a larger cap gets the whole of it.
        first_cap = world.caps_that_cut.setdefault(prompt.user_key, cap)
        if cap <= first_cap:
            return Said(TRUNCATED, spoken.text[: len(spoken.text) // 2]), min(cap, prompt.cap or 512), reasoning
        spoken = Said("answer", spoken.text)
    wanted = estimated_tokens(len(spoken.text))
    if reasoning + wanted > cap:
        return Said(TRUNCATED, spoken.text[: (cap - reasoning) * 4]), cap, reasoning
    return spoken, reasoning + wanted, reasoning
