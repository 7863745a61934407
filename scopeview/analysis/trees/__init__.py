"""Trees of scopes: folding of similar siblings, outlines that fit a screen, pages, two trees side by side."""
