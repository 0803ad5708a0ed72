"""The interview at the terminal: the conversation, its commands and its documents."""
