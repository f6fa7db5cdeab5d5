"""CodeConnections, and its older name CodeStar Connections: connections to providers of repositories.

There is one set of connections under both names. A connection is PENDING until ``localaws connect`` completes
the handshake for it, which people do in the console of AWS. Hosts, repository links and sync configurations
are refused by name.
"""
