"""What the language room says, in the records that all rooms speak."""

from __future__ import annotations

from diembao.records import Annotations, Entity, Evidence, PlaceMention, Relevance, Stance, Topic
from nlp import records as said


def to_annotations(result: said.GateResult | said.Analysis) -> Annotations:
    """A gate result or a whole analysis as annotations."""
    relevance = Relevance(result.relevance)
    evidence = _evidence(result.evidence)
    if isinstance(result, said.GateResult):
        return Annotations(
            relevance, result.relevance_score, evidence, language=result.language, versions=dict(result.versions)
        )
    return Annotations(
        relevance,
        result.relevance_score,
        evidence,
        topics=tuple(Topic(topic.slug, topic.score) for topic in result.topics),
        stance=Stance(result.stance) if result.stance else None,
        stance_evidence=_evidence(result.stance_evidence),
        needs_response=result.needs_response,
        severity=result.severity,
        accused=result.accused,
        places=_places(result.places),
        entities=_entities(result.entities),
        language=result.language,
        versions=dict(result.versions),
    )


def to_gate_result(kept: Annotations) -> said.GateResult:
    """A stored judgement as the gate gave it, so that later steps can be done again without it."""
    evidence = tuple(
        said.Evidence(item.rule, item.text, item.where, item.start, item.end, item.weight)  # type: ignore[arg-type]
        for item in kept.evidence
    )
    return said.GateResult(
        kept.relevance.value,
        kept.relevance_score,
        evidence,
        kept.language,
        dict(kept.versions),
    )


def _evidence(items: tuple[said.Evidence, ...]) -> tuple[Evidence, ...]:
    return tuple(Evidence(item.rule, item.text, item.where, item.start, item.end, item.weight) for item in items)


def _places(mentions: tuple[said.PlaceMention, ...]) -> tuple[PlaceMention, ...]:
    """Each place once, as first named."""
    first = {(mention.name, mention.code): mention for mention in reversed(mentions)}
    ordered = [mention for mention in mentions if first[mention.name, mention.code] is mention]
    return tuple(PlaceMention(mention.name, mention.code, mention.kind, mention.surface) for mention in ordered)


def _entities(mentions: tuple[said.EntityMention, ...]) -> tuple[Entity, ...]:
    """Each person or body once, under the one name that unites its spellings."""
    known: dict[tuple[str, str], Entity] = {}
    for mention in mentions:
        name = mention.name or mention.text
        kept = known.get((mention.type, name))
        if kept is None or (mention.office and not kept.office):
            known[mention.type, name] = Entity(mention.type, name, mention.office)
    return tuple(known.values())
