"""Puts products and stock (JSON on standard input, as `omo load` sends it) into the shop's database."""

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.db import transaction  # noqa: E402
from oscar.core.loading import get_model  # noqa: E402

Partner = get_model("partner", "Partner")
Product = get_model("catalogue", "Product")
ProductClass = get_model("catalogue", "ProductClass")
StockRecord = get_model("partner", "StockRecord")


@transaction.atomic
def seed(products, stock):
    """Product ids are the SKUs of the trace. The shop must be empty."""
    if Product.objects.exists():
        sys.exit("this shop has products already; give it an empty database")
    goods = ProductClass.objects.create(name="Goods", requires_shipping=False, track_stock=True)
    partner = Partner.objects.create(name="Warehouse")
    for row in products:
        product = Product(pk=row["sku"], upc=str(row["sku"]), title=row["name"] or str(row["sku"]), product_class=goods)
        product.save(force_insert=True)
    units = {row["sku"]: row["on_hand"] for row in stock}
    for row in products:
        StockRecord.objects.create(
            product_id=row["sku"],
            partner=partner,
            partner_sku=str(row["sku"]),
            price_currency="JPY",
            price=row["price_yen"],
            num_in_stock=units.get(row["sku"], 0),
        )
    name, _, password = os.environ["SHOP_STAFF"].partition(":")
    get_user_model().objects.create_superuser(name, f"{name}@example.com", password)


if __name__ == "__main__":
    wanted = json.load(sys.stdin)
    seed(wanted["products"], wanted["stock"])
