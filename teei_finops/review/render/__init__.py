"""Writes one review document as text: `render/<format>.py` has `render(document) -> str`.

The document is the JSON of `review.py` as a dict (amounts are decimal strings). Beside the cost keys
renderers read two parts that are there when the engine's plan and the policy pack's reports are known:

`plan`: `[{stack, complete, errors: [str], operations: {op: count}, changes: [{urn, name, type, op, parent,
source: {file, line} | null, properties: [{path, kind: add|update|delete, replaces: bool, before, after}],
unknown: [path]}]}]`: what is created, changed, replaced and deleted (unchanged resources left out), the
properties that change, what is unknown until deploy and the line of the program that made it.

`policy`: `{violations: [{stack, policy, enforcement: mandatory|advisory, severity, urn, name, type,
source: {file, line} | null, message, page}],
packs: {name: version} of the packs that judged it (without packs and reports nothing is said of policies),
exemptions: [{policy, resource, owner, reason, expires, days_left, stack, urn}],
not_applicable: [{stack, policy, urn, name, source, message}]}`.
"""
