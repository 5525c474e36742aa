package report

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"machlup/internal/engine"
)

// The words are made from the numbers: every one of them stands in the fixture's tables.
func TestFindings(t *testing.T) {
	dir := t.TempDir()
	small(t, dir)
	want := []finding{
		{"Partition functions", []string{"At sgd: log_z_ratio is not converged: one estimate only."}},
		{"Fluctuations", []string{
			"At the last recorded step linear-noise theory, which has no free parameter, gives the standard deviation within 3 standard errors for 1 of 1 observables.",
			"It is furthest off for gen_mean (sgd, step 64), where the measured standard deviation is 0.990(62) times the predicted one, 0.2 standard errors away.",
		}},
		{"Certificates", []string{
			"1 of 4 certificates fail. What the same sampler gives elsewhere in this run is not to be quoted before the reason is known.",
			"O1 · sgd · pcn · mean of S_quad/ħ: disagrees with the exact value",
		}},
		{"What is missing", []string{
			"no-estimate  ti sgd r0: integration at λ = 1: length of the chains in autocorrelation times refused (not-converged): found 8.588, limit 50; run longer.",
			"diverged  ensemble adam r0: at step 17.",
			"failed  phase adam r0: the same command tries it again.",
		}},
	}
	r := open(dir)
	if d := cmp.Diff(want, r.findings()); d != "" || r.err != nil {
		t.Error(d, r.err)
	}
}

func TestCollapseFindings(t *testing.T) {
	dir := t.TempDir()
	star(t, dir, []starPoint{
		{"0.0", "128", "float64", []int{0, 0, -1, 2000}, 0},
		{"0.01", "128", "float64", repeat(3, -1), 0},
	})
	want := []string{
		"At temperature_g = 0.0: 3 of 4 replicas collapse, 1 of these escape within the run, 0.00100(10) per step at risk. At the end ⟨rho⟩ = 0.53(25).",
		"At temperature_g = 0.01: 0 of 3 replicas collapse. At the end ⟨rho⟩ = 1.",
	}
	r := open(dir)
	if d := cmp.Diff(want, collapseFindings(r)); d != "" || r.err != nil {
		t.Error(d, r.err)
	}
}

// The page is whole for any run, and the same files give the same bytes.
func TestHTML(t *testing.T) {
	for name, make := range map[string]func(dir string){
		"main job": func(dir string) { quickstart(t, dir, 16, 50) },
		"small":    func(dir string) { small(t, dir) },
		"nothing":  func(dir string) { t.Helper(); check(t, os.MkdirAll(dir, 0o777)) },
	} {
		dir := filepath.Join(t.TempDir(), "run")
		make(dir)
		check(t, Figures(dir))
		check(t, HTML(dir))
		page := string(read(t, filepath.Join(dir, "report.html")))
		for _, bad := range []string{"NaN", "ZgotmplZ", "http://", "https://", "{{"} {
			if strings.Contains(page, bad) {
				t.Errorf("%s: the page has %q", name, bad)
			}
		}
		check(t, HTML(dir))
		if again := string(read(t, filepath.Join(dir, "report.html"))); again != page {
			t.Errorf("%s: a second page differs", name)
		}
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// In a browser without a network the page loads without a word on the console, all figures
// are seen, and a click on a heading sorts.
func TestHTMLInBrowser(t *testing.T) {
	ctx := browser(t)
	dir := filepath.Join(t.TempDir(), "run")
	quickstart(t, dir, 16, 50)
	check(t, os.WriteFile(filepath.Join(dir, "config.toml"), []byte("name = \"<quick> & start\"\n"), 0o666))
	check(t, Figures(dir))
	check(t, HTML(dir))

	var mu sync.Mutex
	var complaints []string
	check(t, chromedp.Listen(ctx, func(event any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := event.(type) {
		case *runtime.EventConsoleAPICalled:
			complaints = append(complaints, fmt.Sprint("console: ", e.Type, e.Args))
		case *runtime.EventExceptionThrown:
			complaints = append(complaints, "exception: "+e.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			complaints = append(complaints, "log: "+e.Entry.Text)
		case *network.EventRequestWillBeSent:
			if !strings.HasPrefix(e.Request.URL, "file:") && !strings.HasPrefix(e.Request.URL, "data:") {
				complaints = append(complaints, "asks for "+e.Request.URL)
			}
		}
	}))
	_, err := chromedp.Call(ctx, network.Enable, network.EnableParams{})
	check(t, err)
	check(t, chromedp.Do(ctx, chromedp.Navigate("file://"+filepath.Join(dir, "report.html"))))
	figures := evaluate[int](t, ctx, `document.images.length`)
	hidden := evaluate[int](t, ctx, `[...document.images].filter(i => !(i.complete && i.naturalWidth > 100 && i.getBoundingClientRect().height > 50)).length`)
	pre := evaluate[string](t, ctx, `document.querySelector("#config pre").textContent`)
	if want := len(made(t, dir)); figures != want || hidden > 0 {
		t.Errorf("%d figures on the page, %d of them not seen; want %d", figures, hidden, want)
	}
	if pre != "name = \"<quick> & start\"\n" {
		t.Errorf("the config reads %q", pre)
	}
	// The column log_z, by the file's numbers.
	const values = `[...document.querySelectorAll("#table-partition tbody tr")].map(r => r.cells[6].dataset.v ?? r.cells[6].textContent)`
	click := chromedp.Click("#table-partition th:nth-child(7) button")
	check(t, chromedp.Do(ctx, chromedp.Click("#table-partition summary")))
	before := evaluate[[]string](t, ctx, values)
	check(t, chromedp.Do(ctx, click))
	up := evaluate[[]string](t, ctx, values)
	check(t, chromedp.Do(ctx, click))
	down := evaluate[[]string](t, ctx, values)
	checkSorted(t, before, up, 1)
	checkSorted(t, before, down, -1)
	mu.Lock()
	defer mu.Unlock()
	if len(complaints) > 0 {
		t.Errorf("the page complains:\n%s", strings.Join(complaints, "\n"))
	}
}

func evaluate[T any](t *testing.T, ctx context.Context, script string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](script))
	check(t, err)
	return v
}

// checkSorted checks that after is before in order of its numbers, empty cells last.
func checkSorted(t *testing.T, before, after []string, sign float64) {
	t.Helper()
	count := map[string]int{}
	for i := range before {
		count[before[i]]++
		count[after[i]]--
	}
	for text, n := range count {
		if n != 0 {
			t.Errorf("sorting lost or made %q", text)
		}
	}
	if cmp.Equal(before, after) {
		t.Error("the table was in order before: nothing was tested")
	}
	last, empty := 0.0, false
	for i, text := range after {
		if text == "" {
			empty = true
			continue
		}
		var v float64
		if _, err := fmt.Sscan(text, &v); err != nil || empty || i > 0 && sign*(v-last) < 0 {
			t.Fatalf("row %d of the sorted column is %q after %v", i, text, last)
		}
		last = v
	}
}

// browser starts headless Chromium, which must be there when CI runs.
func browser(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("found no Chromium; CI must have one (apt-get install chromium)")
		}
		t.Skip("found no Chromium: the page is not tried in a browser (apt-get install chromium)")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WSURLReadTimeout(60*time.Second))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {}))
	t.Cleanup(cancel)
	return ctx
}

// A width that agrees does not hide a law that is refuted.
func TestRefutedLawIsSaid(t *testing.T) {
	dir := t.TempDir()
	s := newSynthetic(t, dir)
	s.add(engine.Fluctuations, "ensemble/r0", "gen_std", 64, 0.6, 0.06, 0.0, 0.0, 0.5, 0.06, 1e-9, 512.0, 0.002, 0.0037, 0, 0.5, 0.0)
	s.commit()
	r := open(dir)
	text := strings.Join(fluctuationFindings(r), " ")
	if !strings.Contains(text, "for 1 of 1 observables") || !strings.Contains(text, "is refuted (p < 0.001) for 1 of 1;") || r.err != nil {
		t.Error(text, r.err)
	}
}
