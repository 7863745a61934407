"""Everything that scopeview refuses, as one tree of exceptions.

    ScopeviewError            exit code 2, HTTP status 400
    +-- NotFoundError         no file, no such name                          404
    +-- UnknownFormatError    the content is not TensorFlow's                415
    +-- DamagedError          TensorFlow's, but nothing of it can be read    422
    +-- AmbiguousError        several artifacts or tag-sets: one must be chosen  409
    +-- QueryError            a search or option that cannot be understood   400
    +-- TooLargeError         more bytes than are taken                      413
    +-- TooManyError          more of something than is kept                 429
    +-- BusyError             not now: others wait already, or it takes long 503
    +-- RemoteError           a file elsewhere cannot be reached             502
    +-- NoRoomError           the disk is full                               507

A message is one sentence: what, where, why, and what to try. The command line prints it and exits with
`exit_code`; the server answers with `http_status`. Nothing below catches these classes but to pass over one
file among others, which a `RemoteError` is never: an answer would lack what was not reached, without a word.
"""

from __future__ import annotations


class ScopeviewError(Exception):
    """A problem that the user can understand and act on."""

    exit_code = 2
    http_status = 400


class NotFoundError(ScopeviewError):
    """A path or a name that does not exist."""

    http_status = 404


class UnknownFormatError(ScopeviewError):
    """Content that is not an artifact of TensorFlow; the message says what it is."""

    http_status = 415


class DamagedError(ScopeviewError):
    """An artifact of TensorFlow of which nothing can be read."""

    http_status = 422


class AmbiguousError(ScopeviewError):
    """A path that holds several artifacts of equal rank, or a file of several tag-sets; `choices` lists them."""

    http_status = 409

    def __init__(self, message: str, choices: tuple[str, ...], *, are_tags: bool = False) -> None:
        super().__init__(message)
        self.choices = choices
        self.are_tags = are_tags


class QueryError(ScopeviewError):
    """A query or an option value that cannot be understood."""


class TooLargeError(ScopeviewError):
    """More bytes than the server takes."""

    http_status = 413


class TooManyError(ScopeviewError):
    """More of something than the server keeps."""

    http_status = 429


class BusyError(ScopeviewError):
    """What cannot be answered now, and can be asked for again."""

    http_status = 503


class RemoteError(ScopeviewError):
    """A file elsewhere that cannot be reached: no answer, no credentials, or nothing installed that could ask."""

    http_status = 502


class NoRoomError(ScopeviewError):
    """A disk that has no room for what is to be written."""

    http_status = 507
