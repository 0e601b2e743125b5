"""What Scrapy would pass over in silence: a gzip body that is broken or cut off, and a server that asks for patience.

Scrapy reads gzip bodies as far as they can be read, and asks again at once whatever a 503's Retry-After says.
"""

from datetime import UTC, datetime

from scrapy.http import Request, Response

from jobs.feeds.bodies import BodyFault, gunzip
from jobs.spiders.failures import asked_to_wait_s
from market.errors import SourceError


class Intact:
    """Stands between Scrapy's HttpCompressionMiddleware (590) and the network, before its RetryMiddleware (550)."""

    ORDER = 595
    LIMIT = 32 * 2**20  # bytes, unpacked: a megabyte may unpack to a gigabyte

    def process_response(self, request: Request, response: Response) -> Response:
        """Raises SourceError unavailable for a gzip body that is broken or too long."""
        if asked_to_wait_s(response, datetime.now(UTC)) is not None:
            request.meta["dont_retry"] = True
        encoding = (response.headers.get("Content-Encoding") or b"").lower()
        if response.body and encoding in (b"gzip", b"x-gzip"):
            try:
                gunzip(response.body, self.LIMIT)
            except BodyFault as error:
                detail = f"the answer is gzip, and {error}"
                raise SourceError("unavailable", request.meta.get("source", "web"), detail) from None
        return response
