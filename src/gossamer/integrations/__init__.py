"""What frameworks load of this package: compiler and runtime together, behind their interfaces."""
