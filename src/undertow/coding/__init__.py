"""Codes of models, as units for other tools and as code files: range coding, its models, files and measures."""
