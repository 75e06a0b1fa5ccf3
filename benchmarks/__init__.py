"""Scripts that measure, the results they recorded, and the report made of them."""
