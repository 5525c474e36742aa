package report

import (
	"fmt"
	"strings"
)

// tasksSection counts how the tasks ended, and says why some gave no number.
func tasksSection(r *run) *section { return r.unfinished(reason) }

// unfinished counts the tasks and lists those without an estimate, with the reason as short as asked.
func (r *run) unfinished(short func(string) string) *section {
	if len(r.tasks) == 0 {
		return nil
	}
	counts := map[string]int{}
	for _, t := range r.tasks {
		counts[t.status]++
	}
	var parts []string
	for _, status := range []string{"ok", "no-estimate", "diverged", "failed", ""} {
		if n := counts[status]; n > 0 {
			if status == "" {
				status = "not run"
			}
			parts = append(parts, fmt.Sprintf("%d %s", n, status))
		}
	}
	s := &section{header: []string{fmt.Sprintf("Tasks: %d (%s)", len(r.tasks), strings.Join(parts, ", "))}, left: 1}
	why := r.reasons()
	for _, t := range r.tasks {
		if t.status == "ok" || t.status == "" {
			continue
		}
		line := t.status + "  " + r.taskTitle(t.label)
		switch {
		case t.diverged != "":
			line += ": at step " + t.diverged
		case t.note != "":
			line += ": " + short(t.note)
		case why[t.text] != "":
			line += ": " + short(why[t.text])
		case t.status == "failed":
			line += ": the same command tries it again"
		default:
			line += ": see note in tasks/" + t.hash + "/manifest.json"
		}
		s.rows = append(s.rows, []string{line})
	}
	return s.keep(4, "tasks without an estimate", "tasks")
}

// taskTitle is estimator, sweep point and replica.
func (r *run) taskTitle(l label) string {
	s := l.estimator
	if t := r.title(l.point); t != "" {
		s += " " + t
	}
	if l.replica >= 0 {
		s += fmt.Sprintf(" r%d", l.replica)
	}
	return s
}

// reasons finds, for each task, the first status in partition.csv or summary.csv that is not
// ok.
func (r *run) reasons() map[string]string {
	why := map[string]string{}
	for _, table := range []string{"partition", "summary"} {
		r.each(table, func(w row) {
			status := w.text("status")
			if why[w.text("task")] == "" && status != "" && !strings.HasPrefix(status, "ok") && !strings.HasPrefix(status, "converged") {
				why[w.text("task")] = status
			}
		})
	}
	return why
}
