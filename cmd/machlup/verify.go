package main

import "machlup/internal/build"

func checkEntries() []build.Entry { return nil }
