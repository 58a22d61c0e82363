"""The two databases behind one small face: read a statement's text, or run a transaction."""
