"""The methods of the clients, a file for each kind of resource."""
