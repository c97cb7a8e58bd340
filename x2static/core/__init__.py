"""The leaf every stage stands on: word vectors, files, settings, records, progress, errors.

Nothing here imports torch, faiss or transformers at module level, and nothing here knows a stage.
"""
