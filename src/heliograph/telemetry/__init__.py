"""The lowest floor: metrics for Prometheus and structured logs. Every room may use it; it knows no room."""
