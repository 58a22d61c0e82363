"""GraphQL over the network: HTTP, server-sent events and WebSockets, and the page that browsers see."""
