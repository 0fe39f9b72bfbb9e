"""Work rows: whatever must happen later is a row here, and the row is the queue."""
