package build

// playerTemperatures are those of the players of a scheme that has one for each.
func playerTemperatures(c schemeConfig) []float64 {
	switch c := c.(type) {
	case *eulerMaruyamaScheme:
		return c.Temperatures
	case *heavyBallScheme:
		return c.Temperatures
	case *nesterovScheme:
		return c.Temperatures
	case *sgldScheme:
		return c.Temperatures
	case *heunScheme:
		return c.Temperatures
	case *leimkuhlerMatthewsScheme:
		return c.Temperatures
	case *splittingScheme:
		return c.Temperatures
	case *sghmcScheme:
		return c.Temperatures
	}
	return nil
}
