package dispatch

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"time"

	"machlup/internal/build"
)

// An Element is a shard made up by cost: tasks that one job computes.
type Element struct {
	Tasks    []int         // indices, rising
	Expected time.Duration // from calibration
}

// Pack distributes tasks over elements such that each lasts about target, between 3/8 and 2
// of it, on cpus cores. A task of target or more is alone; the rest are dealt out
// longest first, each to the element that has least (Graham, SIAM J. Appl. Math. 17, 416,
// 1969). Elements come longest first. Same costs, same elements.
func Pack(tasks []int, costs []Cost, cpus int, target time.Duration) []Element {
	weigh := func(i int) float64 {
		return max(costs[i].Seconds/float64(cpus), costs[i].Longest) + taskOverhead.Seconds()
	}
	order := slices.Clone(tasks)
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(weigh(b), weigh(a)) })
	alone := 0
	for alone < len(order) && weigh(order[alone]) >= target.Seconds() {
		alone++
	}
	var bins []bin
	for _, i := range order[:alone] {
		bins = append(bins, bin{weigh(i), []int{i}})
	}
	bins = append(bins, dealOut(order[alone:], weigh, target.Seconds())...)
	slices.SortStableFunc(bins, func(a, b bin) int { return cmp.Compare(b.load, a.load) })
	var elements []Element
	for _, b := range bins {
		slices.Sort(b.tasks)
		elements = append(elements, Element{b.tasks, time.Duration(b.load * float64(time.Second)).Round(time.Second)})
	}
	return elements
}

// bin is an element on its way: seconds and tasks.
type bin struct {
	load  float64
	tasks []int
}

// dealOut takes n = total/target bins, to the nearest integer. With tasks below target, every
// load is then between 3/8 and 2 of it, if n > 1: each load is at least half the greatest, M,
// whose last task was dealt to the bin that had least; so M(n+1)/2 ≤ total ≤ (n+½)·target,
// and the least is ≥ mean/2 ≥ (n−½)/(2n)·target. If one task makes M, the least is above half.
func dealOut(order []int, weigh func(int) float64, target float64) []bin {
	if len(order) == 0 {
		return nil
	}
	total := 0.0
	for _, i := range order {
		total += weigh(i)
	}
	return longestFirst(order, weigh, max(1, int(math.Round(total/target))))
}

// longestFirst deals tasks, longest first, to n bins.
func longestFirst(order []int, weigh func(int) float64, n int) []bin {
	bins := make([]bin, n)
	queue := leastLoaded{bins}
	for _, i := range order {
		b := &bins[0]
		b.load += weigh(i)
		b.tasks = append(b.tasks, i)
		queue.sink()
	}
	return bins
}

// leastLoaded is a binary heap with the least load at its root.
type leastLoaded struct{ bins []bin }

// sink restores the order after the root has grown.
func (q leastLoaded) sink() {
	for i := 0; ; {
		least := i
		for _, child := range []int{2*i + 1, 2*i + 2} {
			if child < len(q.bins) && q.bins[child].load < q.bins[least].load {
				least = child
			}
		}
		if least == i {
			return
		}
		q.bins[i], q.bins[least] = q.bins[least], q.bins[i]
		i = least
	}
}

// packingLine is one element in a packing file.
type packingLine struct {
	Shard   int      `json:"shard"`
	Seconds float64  `json:"expected_seconds"`
	Tasks   []string `json:"tasks"` // hashes
}

func packingLines(exp *build.Experiment, elements []Element) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	for i, e := range elements {
		line := packingLine{Shard: i, Seconds: e.Expected.Seconds()}
		for _, t := range e.Tasks {
			line.Tasks = append(line.Tasks, exp.Tasks[t].Hash)
		}
		if enc.Encode(line) != nil {
			panic("dispatch: a packing line that cannot be encoded")
		}
	}
	return b.Bytes()
}

// A Packing is which tasks a shard has, made up by cost.
type Packing struct{ tasks map[int]bool }

// has tells whether a task is of the shard.
func (o Options) has(index int) bool {
	if o.Packing != nil {
		return o.Packing.tasks[index]
	}
	return o.Shard.has(index)
}

// ReadPacking returns the tasks that a packing file, a line of JSON for each shard, lists
// for a shard. nil is everything: a packing of one shard.
func ReadPacking(path string, exp *build.Experiment, s Shard) (*Packing, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	index := map[string]int{}
	for i, t := range exp.Tasks {
		index[t.Hash] = i
	}
	r := bufio.NewReader(f)
	n, mine := 0, map[int]bool{}
	for ; ; n++ {
		line, err := r.ReadBytes('\n')
		if len(line) == 0 && err != nil {
			break
		}
		var p packingLine
		if err != nil || json.Unmarshal(line, &p) != nil || p.Shard != n {
			return nil, fmt.Errorf("%s:%d: found something else than shard %d as a line of JSON, allowed: a file that machlup slurm wrote", path, n+1, n)
		}
		for _, h := range p.Tasks {
			i, ok := index[h]
			if !ok {
				return nil, fmt.Errorf("%s:%d: found task %q, allowed: tasks of this experiment; it was packed for another config or version of the program: pack again with machlup slurm", path, n+1, h)
			}
			if n == s.I {
				mine[i] = true
			}
		}
	}
	if n != max(1, s.N) {
		return nil, fmt.Errorf("%s: found %d shards, allowed %d, as in --shard %d/%d", path, n, max(1, s.N), s.I, max(1, s.N))
	}
	if n == 1 {
		return nil, nil
	}
	return &Packing{mine}, nil
}
