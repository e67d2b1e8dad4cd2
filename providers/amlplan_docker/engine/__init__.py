"""A Docker engine as everything else sees it: plain data, and failures told apart."""
