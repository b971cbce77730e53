"""Finding what is dangerous in a file without running or loading it: pickles by their opcodes, templates of GGUF
models by their words, secrets and personal information in text by their form. Pure functions over open files."""

from ceyuan.hub.scanning.findings import Finding
from ceyuan.hub.scanning.scan import HEAD, VERSION, Form, Scan, form_of, holds_tensors, scan

__all__ = ["HEAD", "VERSION", "Finding", "Form", "Scan", "form_of", "holds_tensors", "scan"]
