"""The native engine: a network's tree → C text → a shared library that runs near a core's peak. Never imports torch."""
