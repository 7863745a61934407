"""What several answers build on: roles, accesses, call sites, auxiliary variables, savers, structure."""
