"""Mathematics of trees of tensors: what models and optimisers are computed with."""
