"""Files elsewhere, through fsspec: looked at, listed and read by range, as `readers.storage` asks for them."""
