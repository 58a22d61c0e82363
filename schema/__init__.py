"""The GraphQL API over the graph: types, inputs, operations, limits and the HTTP view."""
