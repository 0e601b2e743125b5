"""A downloader middleware against cut-off compressed answers, which Scrapy would pass on as far as they can be read."""

import gzip
import zlib

from scrapy.http import Request, Response

from market.errors import SourceError


class Intact:
    """Stands between Scrapy's HttpCompressionMiddleware (590) and the network."""

    ORDER = 595

    def process_response(self, request: Request, response: Response) -> Response:
        """Raises SourceError unavailable for a broken gzip body."""
        encoding = (response.headers.get("Content-Encoding") or b"").lower()
        if response.body and encoding in (b"gzip", b"x-gzip"):
            try:
                gzip.decompress(response.body)
            except (OSError, EOFError, zlib.error) as error:
                detail = f"the gzip body of the answer is broken: {error}"
                raise SourceError("unavailable", request.meta.get("source", "web"), detail) from None
        return response
