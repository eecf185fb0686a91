"""Business that several APIs share: who is who, what was metered, what is owed."""
