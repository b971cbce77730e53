"""Finding what is dangerous in a file without running or loading it: pickles by their opcodes, templates of GGUF
models by their words, secrets and personal information in text by their form. Pure functions over open files."""

from ceyuan.hub.scanning.findings import Finding
from ceyuan.hub.scanning.scan import VERSION, Form, Scan, form_of, scan

__all__ = ["VERSION", "Finding", "Form", "Scan", "form_of", "scan"]
