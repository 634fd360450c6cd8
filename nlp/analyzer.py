"""The whole room behind one door: a document in, everything we think of it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from nlp.entities.tagger import EntityTagger
from nlp.gazetteer.catalogue import Catalogue
from nlp.language import LanguageIdentifier
from nlp.places import PlaceFinder
from nlp.prepared import Prepared, Preparer
from nlp.records import Analysis, Document, GateResult
from nlp.relevance import Judgement, RelevanceModel
from nlp.skim import Skimmer
from nlp.stance import StanceModel
from nlp.topics import TopicModel, choose

_ENTITIES_VERSION = "entities-1"
_NOT_OURS = Judgement("irrelevant", 0.0, ())


@dataclass(frozen=True, slots=True)
class Analyzer:
    """Made once per process (`Analyzer.load()`); not changed by use.

    Offsets in every answer are code points into the fields as normalised (`nlp.text.normalise`).
    """

    skimmer: Skimmer
    preparer: Preparer
    relevance: RelevanceModel
    languages: LanguageIdentifier
    topics: TopicModel
    stance: StanceModel
    places: PlaceFinder
    entities: EntityTagger

    @classmethod
    def load(cls) -> Analyzer:
        """Reads data files and models from the package. Raises FileNotFoundError or ValueError when one is amiss."""
        catalogue = Catalogue.load()
        return cls(
            skimmer=Skimmer(catalogue),
            preparer=Preparer(catalogue),
            relevance=RelevanceModel.load(),
            languages=LanguageIdentifier.load(),
            topics=TopicModel.load(),
            stance=StanceModel.load(),
            places=PlaceFinder(),
            entities=EntityTagger.load(),
        )

    def gate(self, document: Document) -> GateResult:
        """Only the cheap question: is it ours, how surely, why, and in what language."""
        if not self.skimmer.might_be_ours(document.title, document.text):
            return self._gate_result(document, _NOT_OURS)
        prepared = self.preparer.prepare(document)
        return self._gate_result(prepared.document, self.relevance.judge(prepared))

    def tag(self, document: Document, gate: GateResult) -> Analysis:
        """Everything else, given what the gate said. An irrelevant document gets nothing more."""
        if gate.relevance == "irrelevant":
            return Analysis(
                gate.relevance, gate.relevance_score, gate.evidence, language=gate.language, versions=gate.versions
            )
        return self._tag(self.preparer.prepare(document), gate)

    def analyze(self, document: Document) -> Analysis:
        """Gate and tags together, reading the document once."""
        if not self.skimmer.might_be_ours(document.title, document.text):
            return self.tag(document, self._gate_result(document, _NOT_OURS))
        prepared = self.preparer.prepare(document)
        gate = self._gate_result(prepared.document, self.relevance.judge(prepared))
        return self.tag(document, gate) if gate.relevance == "irrelevant" else self._tag(prepared, gate)

    def _gate_result(self, document: Document, judged: Judgement) -> GateResult:
        return GateResult(
            judged.relevance,
            judged.score,
            judged.evidence,
            self.languages.identify(document.text or document.title),
            {"relevance": self.relevance.version},
        )

    def _tag(self, prepared: Prepared, gate: GateResult) -> Analysis:
        document = prepared.document
        shares = self.topics.probabilities(document)
        analysis = Analysis(
            gate.relevance,
            gate.relevance_score,
            gate.evidence,
            topics=choose(shares),
            places=self.places.find(prepared),
            entities=self.entities.tag(document.title, document.text),
            language=gate.language,
            versions={**gate.versions, **self._tag_versions()},
        )
        return self._with_stance(analysis, document, shares) if gate.relevance == "relevant" else analysis

    def _with_stance(self, analysis: Analysis, document: Document, shares: Mapping[str, float]) -> Analysis:
        judged = self.stance.predict(document, shares)
        return replace(
            analysis,
            stance=judged.stance,
            stance_evidence=judged.evidence,
            needs_response=judged.needs_response,
            severity=judged.severity,
            accused=judged.accused,
        )

    def _tag_versions(self) -> dict[str, str]:
        return {
            "topics": self.topics.version,
            "stance": self.stance.version,
            "places": self.places.version,
            "entities": _ENTITIES_VERSION,
        }
