"""Crawling engine: pages of a site, politely, as one WARC file per page, kept up to date by what changed.

Robots rules are obeyed (RFC 9309), one request at a time leaves for a host, with a delay; pages are asked for with
what was known of them (ETag, Last-Modified). Only public addresses are reached, also through redirects. What could not
be had is set aside with its reason. Reading the pages is ``ceyuan.data.readers``' work.
"""

from ceyuan.data.crawling.crawl import Crawl, crawl

__all__ = ["Crawl", "crawl"]
