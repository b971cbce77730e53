"""Detectors engine: what a text contains that it should not, by clause of the national standard.

Keywords (after folding what evaders change), personal information (with check digits), a trained text
classifier, and the chain that joins them. The gateway, the corpus pipeline, the hub and the safety check
share it; what follows from a finding is theirs to decide.
"""

from ceyuan.governance.detectors.chain import Chain, Finding, Verdict
from ceyuan.governance.detectors.classifier import Classifier, train
from ceyuan.governance.detectors.keywords import Keyword, KeywordLibrary, KeywordMatch
from ceyuan.governance.detectors.lexicon import default_keywords
from ceyuan.governance.detectors.personal import KINDS, PersonalInformation, find_personal, mask_personal
from ceyuan.governance.detectors.seeds import default_classifier
from ceyuan.governance.detectors.taxonomy import CLASSES, RISKS, Risk

__all__ = [
    "CLASSES",
    "KINDS",
    "RISKS",
    "Chain",
    "Classifier",
    "Finding",
    "Keyword",
    "KeywordLibrary",
    "KeywordMatch",
    "PersonalInformation",
    "Risk",
    "Verdict",
    "default_classifier",
    "default_keywords",
    "find_personal",
    "mask_personal",
    "train",
]
