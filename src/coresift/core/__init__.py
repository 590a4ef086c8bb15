"""The paper's nouns as frozen objects, its verbs as pure functions."""
