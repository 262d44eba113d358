"""The review desk: pages on which people see suggestions and decide on them."""
