-- What the reconciliation looks for is found without reading all that was ever closed.
CREATE INDEX refunds_pending ON refunds (called_at) WHERE state = 'pending';
CREATE INDEX events_unmerged ON webhook_inbox (received_at) WHERE processed_at IS NULL;
