"""The tables: schemas, files, dataset folders, and labels from predictions."""
