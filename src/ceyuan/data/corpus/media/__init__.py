"""Media runs: raw images, audio and video become a dataset, decoded whole, measured, cut by profiles, deduplicated.

The counterpart of a corpus run for files that are no text: the same filters, reasons, splits and explanations, with
the kept files themselves, previews for pages and a list of what could not be decoded.
"""

from ceyuan.data.corpus.media.build import build_media, media_plan
from ceyuan.data.corpus.media.profiles import KINDS, default_filters
from ceyuan.data.corpus.media.recipe import MediaRecipe

__all__ = ["KINDS", "MediaRecipe", "build_media", "default_filters", "media_plan"]
