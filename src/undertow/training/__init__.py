"""Training: one loop for every model, with averaging, several processes, and exact resumption."""
