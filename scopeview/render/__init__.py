"""How a result looks: text, JSON. No analysis here."""
