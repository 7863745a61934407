"""The server: analyses over HTTP, and the page that asks for them."""
