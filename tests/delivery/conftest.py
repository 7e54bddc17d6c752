"""What the tests of delivery share."""

from tests.delivery.customer import short_pauses

__all__ = ["short_pauses"]
