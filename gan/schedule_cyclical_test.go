package gan

import (
	"math"
	"testing"
)

// TestCyclicalSchedules: the trainer's two factors are the step and the temperature of cyclical
// SGLD, cycle after cycle.
func TestCyclicalSchedules(t *testing.T) {
	rate, err := CyclicalSchedule{Period: 10}.Schedule()
	if err != nil {
		t.Fatal(err)
	}
	noise, err := CyclicalNoiseSchedule{Period: 10, Exploration: 0.3}.Schedule()
	if err != nil {
		t.Fatal(err)
	}
	for k := range 35 {
		j := k % 10
		if got, want := rate.At(float64(k)), math.Pow(math.Cos(math.Pi*float64(j)/20), 2); math.Abs(got-want) > 1e-14 {
			t.Errorf("rate at %d is %v, want %v", k, got, want)
		}
		want := 1.0
		if j < 3 {
			want = 0
		}
		if got := noise.At(float64(k)); got != want {
			t.Errorf("temperature at %d is %v, want %v", k, got, want)
		}
	}
	for _, c := range []ScheduleConfig{CyclicalSchedule{}, CyclicalNoiseSchedule{Exploration: 0.5}, CyclicalNoiseSchedule{Period: 5, Exploration: 1}} {
		if _, err := c.Schedule(); err == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
}
