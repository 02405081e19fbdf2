"""What is published: figures with their citations, and the ids by which scenarios name their sources."""
