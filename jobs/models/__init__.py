"""Models: landmarks, features known before them, training, evaluation and scores. MLflow is touched only here."""
