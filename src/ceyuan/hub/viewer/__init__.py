"""Looking into files without downloading them: text, tables, headers of model files, media, bytes."""
