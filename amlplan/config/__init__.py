"""From HCL text to evaluated resources."""
