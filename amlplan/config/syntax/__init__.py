"""The native syntax of HCL: text to syntax trees."""
