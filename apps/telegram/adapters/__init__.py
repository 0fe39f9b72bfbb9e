"""The real and the fake sides of the app's ports; nothing else imports an SDK."""
