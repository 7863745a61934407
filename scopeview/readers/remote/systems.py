"""Which file system of fsspec a URL belongs to. Options and credentials are those of fsspec's own configuration."""

from __future__ import annotations

from typing import Any

from scopeview.errors import RemoteError
from scopeview.readers.paths import RemotePath

WEB = ("http", "https")

_EXTRAS = {
    "gs": "gcs",
    "gcs": "gcs",
    "s3": "s3",
    "s3a": "s3",
    "http": "http",
    "https": "http",
    "hdfs": "hdfs",
    "abfs": "azure",
    "az": "azure",
}
"""The extra of this package that installs what a protocol needs."""


def system_of(path: RemotePath) -> Any:
    """Return the file system of a URL; fsspec keeps one for all paths of the same host.

    Raises:
        RemoteError: fsspec or what the protocol needs is not installed, or there is no such protocol.
    """
    protocol = path.protocol
    try:
        import fsspec

        kind = fsspec.get_filesystem_class(protocol)
        options = {} if protocol in WEB else kind._get_kwargs_from_urls(str(path))
        # Without its cache of listings, which would show a file as it was when its folder was listed.
        return fsspec.filesystem(protocol, use_listings_cache=False, **options)
    except ImportError as error:
        needs = f"{path} cannot be read: what reads {protocol}:// is not installed"
        is_known = protocol in _EXTRAS or (error.name or "").startswith("fsspec")
        what = f"pip install 'scopeview[{_EXTRAS.get(protocol, 'remote')}]'" if is_known else str(error)[:200]
        raise RemoteError(f"{needs}; {what}") from error
    except ValueError as error:
        if "Protocol not known" in str(error):
            raise RemoteError(f"{path} cannot be read: fsspec knows no protocol {protocol}://") from error
        raise RemoteError(f"{path} cannot be read: {str(error)[:200]}; correct fsspec's configuration") from error
    except OSError as error:  # hdfs connects here
        raise RemoteError(f"{path} cannot be reached: {str(error)[:200]}; check the address") from error


def is_web(path: RemotePath) -> bool:
    """Return whether a path is a web address: without folders of its own, and with its query."""
    return path.protocol in WEB


def address(path: RemotePath, *, is_folder: bool = False) -> str:
    """Return a path as its file system takes it."""
    if not is_folder or not is_web(path):
        return str(path)
    bare = RemotePath(path.root, path.parts)
    return f"{str(bare).rstrip('/')}/{path.query}"
