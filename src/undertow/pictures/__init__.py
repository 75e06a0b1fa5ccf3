"""Pictures of models: how cost grows, how far back a model looks, what it attends to, and alignments."""
