"""A request for scripts with @rawhttp where flask is not installed: the attributes they use."""

import io
import json
import urllib.parse

from amlplan_serve.inside.forms import MULTIPART, URL_ENCODED, form_of
from amlplan_serve.inside.requests import is_json
from amlplan_serve.inside.values import Headers, Several

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional, Tuple


class BareRequest:
    """What came from the client; read it as flask's `request`."""

    def __init__(self, environ: "Dict[str, Any]", headers: "Dict[str, str]") -> None:
        self.environ = environ
        self.headers = Headers(headers.items())
        self.method = environ["REQUEST_METHOD"]  # type: str
        self.path = environ["PATH_INFO"]  # type: str
        self.query_string = environ["QUERY_STRING"].encode("latin-1")  # type: bytes
        self.args = Several(urllib.parse.parse_qsl(environ["QUERY_STRING"], keep_blank_values=True))
        self._body = environ["wsgi.input"].getvalue()  # type: bytes
        self.stream = io.BytesIO(self._body)
        self._is_kept = False
        self._form = None  # type: Optional[Tuple[Several, Several]]

    # The body.

    def get_data(
        self,
        cache: bool = True,  # noqa: FBT001, FBT002, ARG002 - the order and the names are flask's
        as_text: bool = False,  # noqa: FBT001, FBT002
        parse_form_data: bool = False,  # noqa: FBT001, FBT002
    ) -> "Any":
        """The body; nothing of it where a form was read out of it before."""
        if parse_form_data:
            self._parsed()
        self._is_kept = self._is_kept or self._form is None
        body = self._body if self._is_kept or not self._is_form else b""
        return body.decode("utf-8", "replace") if as_text else body

    @property
    def data(self) -> bytes:
        """The body, unless it is a form."""
        return self.get_data(parse_form_data=True)  # type: ignore[no-any-return]

    def get_json(
        self,
        force: bool = False,  # noqa: FBT001, FBT002 - as above
        silent: bool = False,  # noqa: FBT001, FBT002
        cache: bool = True,  # noqa: FBT001, FBT002, ARG002
    ) -> "Any":
        """The body read as JSON; raises ValueError where it is none, unless `silent`."""
        if force or self.is_json:
            try:
                return json.loads(self._body)
            except ValueError:
                if silent:
                    return None
                raise
        if silent:
            return None
        raise ValueError("The Content-Type of the request is not application/json.")

    @property
    def json(self) -> "Any":
        """The body read as JSON."""
        return self.get_json()

    @property
    def is_json(self) -> bool:
        """Whether the client says that the body is JSON."""
        return is_json(self.content_type or "")

    @property
    def form(self) -> Several:
        """The fields of a form."""
        return self._parsed()[0]

    @property
    def files(self) -> Several:
        """The files of a form."""
        return self._parsed()[1]

    @property
    def values(self) -> Several:
        """Arguments of the address, and fields of a form that was posted."""
        pairs = [(name, value) for name, values in self.args.lists() for value in values]
        if self.method in ("POST", "PUT", "PATCH"):
            pairs += [(name, value) for name, values in self.form.lists() for value in values]
        return Several(pairs)

    # What the headers say.

    @property
    def content_type(self) -> "Optional[str]":
        """What the client says the body is."""
        return self.headers.get("Content-Type")  # type: ignore[no-any-return]

    @property
    def mimetype(self) -> str:
        """The content type without its parameters."""
        return (self.content_type or "").partition(";")[0].strip().lower()

    @property
    def content_length(self) -> "Optional[int]":
        """Bytes of the body."""
        length = self.environ.get("CONTENT_LENGTH")
        return None if length is None else int(length)

    @property
    def host(self) -> str:
        """The host that was asked, with its port."""
        return str(self.headers.get("Host", "localhost"))

    @property
    def cookies(self) -> "Dict[str, str]":
        """The cookies."""
        from http.cookies import CookieError, SimpleCookie

        try:
            found = SimpleCookie(self.headers.get("Cookie", ""))
        except CookieError:
            return {}
        return {name: morsel.value for name, morsel in found.items()}

    # The address.

    scheme = "http"
    is_secure = False
    script_root = root_path = ""
    remote_addr = None

    @property
    def full_path(self) -> str:
        """The path with its query."""
        return "%s?%s" % (self.path, self.query_string.decode("latin-1"))

    @property
    def host_url(self) -> str:
        """The address of the host."""
        return "%s://%s/" % (self.scheme, self.host)

    url_root = host_url

    @property
    def base_url(self) -> str:
        """The address without its query."""
        return self.host_url[:-1] + self.path

    @property
    def url(self) -> str:
        """The whole address."""
        query = self.query_string.decode("latin-1")
        return self.base_url + ("?" + query if query else "")

    @property
    def _is_form(self) -> bool:
        return self.mimetype in (MULTIPART, URL_ENCODED)

    def _parsed(self) -> "Tuple[Several, Several]":
        if self._form is None:
            fields, files = form_of(self.content_type or "", self._body)
            self._form = (Several(fields), Several(files))
        return self._form
