"""What `test_schemathesis` adds to the checks of Schemathesis; it is loaded by the command itself."""

from __future__ import annotations

import schemathesis
from schemathesis import Case, CheckContext, GenerationMode, Response

# What a schema cannot say: whether a day exists and a period ends after it begins, the language of queries, cursors.
OF_MEANING = {
    "bad_day", "empty_range", "too_many_buckets", "bad_cursor", "too_long", "too_many_terms", "too_many_prefixes",
    "too_deep", "unclosed_quote", "empty_phrase", "unclosed_parenthesis", "unexpected_parenthesis",
    "empty_parentheses", "missing_operand", "unknown_field", "missing_value", "misplaced_star", "short_prefix",
    "no_words",
}  # fmt: skip


@schemathesis.check
def refused_for_its_meaning_alone(_ctx: CheckContext, response: Response, case: Case) -> None:
    """What keeps to the schema is refused only for what no schema can say."""
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE or response.status_code != 400:
        return
    code = response.json()["code"]
    assert code in OF_MEANING, f"refused as {code}: {response.text}"
