"""What django-oscar-api leaves to each shop: a payment method (here it records and charges nobody), and its lists."""

from django.db import transaction
from oscar.core.loading import get_model
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import IsAdminUser
from rest_framework.response import Response

Order = get_model("order", "Order")
Source = get_model("payment", "Source")
SourceType = get_model("payment", "SourceType")
StockRecord = get_model("partner", "StockRecord")


@api_view(["POST"])
@transaction.atomic
def pay(request, pk):
    """Record that an order was paid in full, once."""
    order = Order.objects.select_for_update().filter(pk=pk).first()
    if order is None:
        return Response({"reason": "no such order"}, status=404)
    if order.status != "Pending":
        return Response({"reason": f"the order is {order.status}"}, status=409)
    if str(request.data.get("amount")) != str(order.total_incl_tax):
        return Response({"reason": f"the order costs {order.total_incl_tax}"}, status=409)
    kind, _ = SourceType.objects.get_or_create(name="Record only")
    source = Source.objects.create(order=order, source_type=kind, currency=order.currency)
    source.allocate(order.total_incl_tax)
    source.debit(order.total_incl_tax)
    order.set_status("Paid")
    return Response({"payment": source.pk, "order": order.number, "amount": order.total_incl_tax}, status=201)


@api_view(["GET"])
@permission_classes([IsAdminUser])
def payments(_request):
    """Every payment source with what was debited."""
    rows = Source.objects.values("id", "order__number", "amount_debited", "amount_refunded").order_by("id")
    return Response({"results": list(rows)})


@api_view(["GET"])
@permission_classes([IsAdminUser])
def stock(_request):
    """Every stock record."""
    rows = StockRecord.objects.values("partner_sku", "num_in_stock", "num_allocated").order_by("id")
    return Response({"results": list(rows)})
