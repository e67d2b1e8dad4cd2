"""The canonical layout of files in the native syntax."""
