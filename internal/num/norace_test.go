//go:build !race

package num

const poolForgets = false
