"""The whole room behind one door: a document in, everything we think of it out."""

from __future__ import annotations

from dataclasses import dataclass

from nlp.entities.tagger import EntityTagger
from nlp.gazetteer.catalogue import Catalogue
from nlp.language import LanguageIdentifier
from nlp.places import PlaceFinder
from nlp.prepared import Prepared, Preparer
from nlp.records import Analysis, Document, GateResult
from nlp.relevance import Judgement, RelevanceModel
from nlp.skim import Skimmer

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
        return Analysis(
            gate.relevance,
            gate.relevance_score,
            gate.evidence,
            places=self.places.find(prepared),
            entities=self.entities.tag(document.title, document.text),
            language=gate.language,
            versions={**gate.versions, "places": self.places.version},
        )
