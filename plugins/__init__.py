"""What a plugin declares and implements, the loader, and the industry plugins that ship with Accord."""
