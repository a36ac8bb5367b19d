"""Linear algebra of parameters: trees of tensors, products over replicas, Jacobians."""
