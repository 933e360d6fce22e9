"""The shop's API, and the payment view that it leaves to each shop."""

import views
from django.apps import apps
from django.urls import include, path

urlpatterns = [
    path("api/payments/", views.payments, name="payments"),
    path("api/payments/<int:pk>/", views.pay, name="api-payment"),
    path("api/stock/", views.stock, name="stock"),
    path("api/", include("oscarapi.urls")),
    path("", include(apps.get_app_config("oscar").urls[0])),
]
