//go:build !amd64

package num

func available() kernelSet { return generic }
