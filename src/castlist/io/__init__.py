"""One format a file, its reader and writer side by side."""
