"""Tables that may be given away: what is asked for in a file, made such that nobody in it can be told."""
